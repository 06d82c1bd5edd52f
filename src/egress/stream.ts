import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';

/** What says who we are; a redirect to another origin goes without. */
const SECRET = /^(authorization|cookie|proxy-authorization)$/i;

export function withoutSecrets(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.test(name)));
}

export interface Patience {
  readonly clock: Clock;
  /** Between two pieces. */
  readonly idleMs: number;
  /** Aborted when nothing comes for so long. */
  readonly stop: AbortController;
  /** Aborted by that, or by whoever asked. */
  readonly signal: AbortSignal;
  broken(error: unknown): Fault;
}

/** A body's pieces as they come; one that is silent for too long, or breaks off, throws a Fault. */
export async function* patiently(body: AsyncIterable<Buffer>, { clock, idleMs, stop, signal, broken }: Patience): AsyncGenerator<Buffer, void, undefined> {
  const pieces = body[Symbol.asyncIterator]();
  const silent = () => stop.abort(new Fault('deadline_exceeded', 'egress_timeout', `Nothing came for ${idleMs / 1_000} s.`));
  try {
    for (;;) {
      const cancel = clock.timer(idleMs, silent);
      const next = await pieces.next().finally(cancel);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw broken(error);
  } finally {
    await pieces.return?.().catch(() => undefined);
  }
}
