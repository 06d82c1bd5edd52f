import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../../contract/errors.ts';
import type { Scope } from '../../contract/feeds.ts';
import { hashKey, isWellFormedKey } from '../../contract/key-format.ts';
import type { Clock } from '../../base/clock.ts';
import type { Caller } from '../call.ts';
import type { Callers } from '../ports.ts';

/** The one authentication function: both the inference routes and the control API call it, before any body is read. */
export type Authenticate = (headers: IncomingHttpHeaders, scope: Scope) => Caller;

/** Longer credentials are not keys, and not worth hashing. */
const CREDENTIAL_CHARS_MAX = 256;

export function createAuthenticate(callers: Callers, clock: Clock): Authenticate {
  return (headers, scope) => {
    const key = credential(headers);
    if (key === undefined) throw missingKey();
    if (!isWellFormedKey(key)) throw badKey();
    const caller = callers.find(hashKey(key));
    if (caller === undefined) throw badKey();
    if (caller.expiresAtMs !== undefined && clock.now() >= caller.expiresAtMs) throw badKey();
    if (!caller.scopes.includes(scope)) {
      throw new Fault('permission_denied', 'insufficient_scope', `This key does not have the scope "${scope}" that this call needs.`);
    }
    return caller;
  };
}

/** `Authorization: Bearer KEY`, or `x-api-key: KEY` as Anthropic's clients send it. */
function credential(headers: IncomingHttpHeaders): string | undefined {
  const authorization = headers.authorization;
  if (authorization !== undefined) {
    const match = authorization.length <= CREDENTIAL_CHARS_MAX ? /^Bearer +(\S+) *$/i.exec(authorization) : null;
    return match?.[1] ?? '';
  }
  const apiKey = headers['x-api-key'];
  if (typeof apiKey !== 'string') return undefined;
  return apiKey.length <= CREDENTIAL_CHARS_MAX ? apiKey : '';
}

function missingKey(): Fault {
  return new Fault('unauthenticated', 'missing_api_key', 'No API key was given. Send it as "Authorization: Bearer KEY".');
}

/** The same for a malformed, an unknown, a revoked and an expired key: nothing is to be learnt from trying (X3). */
function badKey(): Fault {
  return new Fault('unauthenticated', 'invalid_api_key', 'The API key is not valid. Keys start with "my_"; check that it is whole, not revoked and not expired.');
}
