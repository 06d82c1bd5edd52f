import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../../contract/errors.ts';
import type { Scope } from '../../contract/feeds.ts';
import { hashKey, isWellFormedKey } from '../../contract/key-format.ts';
import type { Clock } from '../../base/clock.ts';
import type { Caller } from '../call.ts';
import type { Callers } from '../ports.ts';
import { BadKeys } from './bad-keys.ts';

/** Who knocks: what its request says, and where it comes from. */
export interface Requester {
  readonly headers: IncomingHttpHeaders;
  /** The client's IP address, past the proxies that the operator trusts. Asked for only when a key is bad. */
  readonly address: string;
}

/** The one authentication function: both the inference routes and the control API call it, before any body is read. */
export type Authenticate = (from: Requester, scope: Scope) => Caller;

/** The key is good, and not for this. */
export class InsufficientScope extends Fault {
  readonly caller: Caller;

  constructor(caller: Caller, scope: Scope) {
    super('permission_denied', 'insufficient_scope', `This key does not have the scope "${scope}" that this call needs.`);
    this.caller = caller;
  }
}

/** Longer credentials are not keys, and not worth hashing. */
const CREDENTIAL_CHARS_MAX = 256;
/** Hashes of credentials that were found good are kept, by their text as sent; beyond so many, the oldest is forgotten. */
const HASHES_MAX = 10_000;

export function createAuthenticate(callers: Callers, clock: Clock): Authenticate {
  const hashes = new Map<string, string>();
  const badKeys = new BadKeys(clock);
  return (from, scope) => {
    const { headers } = from;
    const sent = headers.authorization ?? apiKey(headers);
    if (sent === undefined) throw missingKey();
    const known = hashes.get(sent);
    const hash = known ?? hashOf(headers.authorization, sent);
    const caller = hash === undefined ? undefined : callers.find(hash);
    if (hash === undefined || caller === undefined) {
      hashes.delete(sent);
      throw badKeys.refuse(from.address, sent) ?? badKey();
    }
    if (known === undefined) remember(hashes, sent, hash);
    if (caller.expiresAtMs !== undefined && clock.now() >= caller.expiresAtMs) throw badKeys.refuse(from.address, sent) ?? badKey();
    if (!caller.scopes.includes(scope)) throw new InsufficientScope(caller, scope);
    return caller;
  };
}

/** Only a key that exists comes here, so nobody can fill the table by guessing. */
function remember(hashes: Map<string, string>, sent: string, hash: string): void {
  if (hashes.size >= HASHES_MAX) hashes.delete(hashes.keys().next().value ?? '');
  hashes.set(sent, hash);
}

/** Of the key in `Authorization: Bearer KEY`, or in `x-api-key: KEY` as Anthropic's clients send it; undefined when it can't be a key. */
function hashOf(authorization: string | undefined, sent: string): string | undefined {
  if (sent.length > CREDENTIAL_CHARS_MAX) return undefined;
  const key = authorization === undefined ? sent : (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '');
  return isWellFormedKey(key) ? hashKey(key) : undefined;
}

function apiKey(headers: IncomingHttpHeaders): string | undefined {
  const sent = headers['x-api-key'];
  return typeof sent === 'string' ? sent : undefined;
}

function missingKey(): Fault {
  return new Fault('unauthenticated', 'missing_api_key', 'No API key was given. Send it as "Authorization: Bearer KEY".');
}

/** The same for a malformed, an unknown, a revoked and an expired key: nothing is to be learnt from trying (X3). */
function badKey(): Fault {
  return new Fault('unauthenticated', 'invalid_api_key', 'The API key is not valid. Keys start with "my_"; check that it is whole, not revoked and not expired.');
}
