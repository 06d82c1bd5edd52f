import { createHash } from 'node:crypto';
import { CALL_HEADER } from '../../contract/call-headers.ts';
import { invalid } from '../../contract/errors.ts';
import { OIP_HEADER_LENGTH } from '../../contract/oip-binary.ts';
import type { Call, Caller, Exchange, ReplySink } from '../call.ts';
import type { Replays } from '../ports.ts';
import { KeptReply } from './kept-reply.ts';

/** On an answer that was stored: its own `x-request-id` is the first call's. */
const REPLAYED_HEADER = 'idempotency-replayed';
const KEY_FORM = /^[\x20-\x7e]{1,255}$/;

export interface Claiming {
  readonly call: Call;
  readonly caller: Caller;
  readonly exchange: Exchange;
  readonly body: Buffer;
  readonly sink: ReplySink;
}

/**
 * Takes the key that a call brings. Returns the sink that the call answers through, which keeps what passes; undefined: the call was made before, and has
 * just been answered as it was then.
 */
export async function claimReply(replays: Replays, { call, caller, exchange, body, sink }: Claiming): Promise<KeptReply | undefined> {
  const claim = { orgId: caller.orgId, key: keyOf(exchange), bodyHash: hashOf(exchange, body), requestId: call.id };
  const answer = await replays.claim(claim);
  if (!answer) return new KeptReply(sink, claim, replays);
  sink.head(answer.status, { ...answer.headers, [REPLAYED_HEADER]: 'true' });
  sink.end(answer.body);
  return undefined;
}

/** @throws Fault for what is no key */
function keyOf({ headers }: Exchange): string {
  const key = headers[CALL_HEADER.idempotencyKey];
  if (typeof key === 'string' && KEY_FORM.test(key)) return key;
  throw invalid('Idempotency-Key must be 1 to 255 printable ASCII characters, for example a UUID.', CALL_HEADER.idempotencyKey, 'invalid_idempotency_key');
}

/** sha256 of what is asked for, hex. Where a body's JSON ends and its tensors begin is told by a header, so that belongs to it. */
function hashOf({ method, path, headers }: Exchange, body: Buffer): string {
  return createHash('sha256')
    .update(JSON.stringify([method, path, headers[OIP_HEADER_LENGTH] ?? '']))
    .update(body)
    .digest('hex');
}
