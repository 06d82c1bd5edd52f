import type { Fault } from '../../contract/errors.ts';
import { quantitiesOf } from '../../contract/price.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import type { ReplySink } from '../call.ts';
import type { ReplayClaim, Replays } from '../ports.ts';

/** Larger answers are sent like others, but not kept for a repeat. */
export const KEPT_BYTES_MAX = 1_048_576;
/** What says how it was with the first call only. */
const OF_ONE_CALL = /^(server-timing|x-ratelimit-.*)$/;

/** How a call ended: its record; or `free`, it was refused before it cost anything; or `unknown`. */
export type Settlement = UsageRecord | 'free' | 'unknown';

/**
 * Passes an answer on to the client's sink and keeps it for repeats. The last piece, and a failure, wait until `settle` has it stored: what a client has
 * received whole is there for its repeat, and who is told of a free failure can try again at once.
 */
export class KeptReply implements ReplySink {
  readonly #sink: ReplySink;
  readonly #claim: ReplayClaim;
  readonly #replays: Replays;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #frames: Buffer[] = [];
  #bytes = 0;
  #ending: (() => void) | undefined;
  #isSettled = false;

  constructor(sink: ReplySink, claim: ReplayClaim, replays: Replays) {
    this.#sink = sink;
    this.#claim = claim;
    this.#replays = replays;
  }

  get committed(): boolean {
    return this.#sink.committed;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    this.#status = status;
    this.#headers = headers;
    this.#sink.head(status, headers);
  }

  frame(bytes: Uint8Array): boolean {
    this.#add(bytes);
    return this.#sink.frame(bytes);
  }

  drained(): Promise<void> {
    return this.#sink.drained();
  }

  end(last?: Uint8Array): void {
    if (last) this.#add(last);
    this.#ending ??= () => this.#sink.end(last);
  }

  fail(fault: Fault): void {
    this.#ending ??= () => this.#sink.fail(fault);
  }

  /** Ends the claim, then lets the answer's end go. Only the first time counts. */
  async settle(settlement: Settlement): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    try {
      await this.#store(settlement);
    } finally {
      this.#ending?.();
    }
  }

  #store(settlement: Settlement): Promise<void> {
    if (settlement === 'unknown') return this.#replays.lose(this.#claim);
    if (settlement === 'free' || quantitiesOf(settlement).requests === 0) return this.#replays.release(this.#claim);
    if (settlement.status !== 'ok') return this.#replays.lose(this.#claim);
    return this.#replays.keep(this.#claim, this.#bytes > KEPT_BYTES_MAX ? undefined : this.#answer());
  }

  #answer() {
    const headers = Object.fromEntries(Object.entries(this.#headers).filter(([name]) => !OF_ONE_CALL.test(name)));
    return { status: this.#status, headers, body: Buffer.concat(this.#frames) };
  }

  /** A frame's memory may be used again by who sent it. */
  #add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > KEPT_BYTES_MAX) this.#frames = [];
    else this.#frames.push(Buffer.from(bytes));
  }
}
