import type { Clock } from '../../base/clock.ts';
import { ENGINE_HEADER } from '../../contract/engine-wire.ts';
import { Fault } from '../../contract/errors.ts';
import type { Call } from '../call.ts';
import type { Upstream, UpstreamControl } from './upstream.ts';

/** After a cancel the engine has this long to end the call with its usage; then the connection is closed. */
const CANCEL_GRACE_MS = 1_000;
/** Times that one call is offered to engines, when those before were full. */
export const ATTEMPTS_MAX = 3;

export function deadlineFault(): Fault {
  return new Fault('deadline_exceeded', 'deadline_exceeded', 'The call did not finish before its deadline (x-request-timeout).');
}

export function crashFault(cause: unknown): Fault {
  return new Fault('bad_upstream', 'engine_crashed', 'The engine that was serving this call ended. It is being restarted; try again.', { retryAfterSeconds: 1, cause });
}

/** Headers for an engine: who is calling is not among them. */
export function engineHeaders(call: Call, clock: Clock, cacheSalt: string, contentType: string): Record<string, string> {
  return {
    'content-type': contentType,
    [ENGINE_HEADER.requestId]: call.id,
    [ENGINE_HEADER.cacheSalt]: cacheSalt,
    [ENGINE_HEADER.deadlineMs]: String(Math.max(1, Math.floor(call.deadline - clock.monotonic()))),
  };
}

/**
 * Watches one running call for its client's leaving and its deadline. Either asks the engine to stop, and closes the
 * connection if it doesn't within the grace.
 */
export class Watch {
  readonly #call: Call;
  readonly #clock: Clock;
  readonly #upstream: Upstream;
  readonly #onAbort: () => void;
  readonly #stopDeadline: () => void;
  #stopGrace: (() => void) | undefined;
  control: UpstreamControl | undefined;
  stopped: 'client' | 'deadline' | undefined;

  constructor(call: Call, clock: Clock, upstream: Upstream) {
    this.#call = call;
    this.#clock = clock;
    this.#upstream = upstream;
    this.#onAbort = () => this.#stop('client');
    call.signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#stopDeadline = clock.timer(Math.max(0, call.deadline - clock.monotonic()), () => this.#stop('deadline'));
    if (call.signal.aborted) this.#stop('client');
  }

  close(): void {
    this.#call.signal.removeEventListener('abort', this.#onAbort);
    this.#stopDeadline();
    this.#stopGrace?.();
  }

  #stop(why: 'client' | 'deadline'): void {
    if (this.stopped) return;
    this.stopped = why;
    void this.#upstream.cancel(this.#call.id);
    this.#stopGrace = this.#clock.timer(CANCEL_GRACE_MS, () => this.control?.abort());
  }
}
