import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Clock } from '../../base/clock.ts';

/** Spans that may wait; a traced call makes about ten. */
export const SPANS_MAX = 8_192;
/** Sent at once. */
const BATCH_MAX = 512;
/** Spans wait so long for others. */
const DELAY_MS = 1_000;
/** What is left when the server ends has so long to be sent. */
const CLOSE_MS = 3_000;
/** A collector that is away is told of once in so long. */
const PROBLEM_EVERY_MS = 60_000;

export interface SpanCounts {
  /** Taken by the collector. */
  exported: number;
  /** There were too many. */
  dropped: number;
  /** The collector did not take them. */
  failed: number;
}

/** What of OpenTelemetry's exporter is used. `code` 0: the collector has taken the spans. */
interface Exporter {
  export(spans: ReadableSpan[], done: (result: { readonly code: number; readonly error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

export interface SpanQueueParts {
  readonly clock: Clock;
  readonly exporter: Exporter;
  problem(error: unknown): void;
}

/** Gathers spans and sends them beside the calls, one batch after the other. Bounded: a collector that is slow or away costs spans, which are counted, and never memory or calls. */
export class SpanQueue implements SpanProcessor {
  readonly counts: SpanCounts = { exported: 0, dropped: 0, failed: 0 };
  readonly #parts: SpanQueueParts;
  #waiting: ReadableSpan[] = [];
  #sending: Promise<void> | undefined;
  #stopTimer: (() => void) | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: SpanQueueParts) {
    this.#parts = parts;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#isClosed || this.#waiting.length >= SPANS_MAX) {
      this.counts.dropped += 1;
      return;
    }
    this.#waiting.push(span);
    if (this.#sending) return;
    if (this.#waiting.length >= BATCH_MAX) return this.#send();
    this.#stopTimer ??= this.#parts.clock.timer(DELAY_MS, () => this.#send());
  }

  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending) {
      if (!this.#sending) this.#send();
      await this.#sending;
    }
  }

  async shutdown(): Promise<void> {
    this.#isClosed = true;
    const cut = Promise.withResolvers<void>();
    const stop = this.#parts.clock.timer(CLOSE_MS, () => cut.resolve());
    await Promise.race([this.forceFlush(), cut.promise]);
    stop();
    this.#stopTimer?.();
    this.counts.dropped += this.#waiting.length;
    this.#waiting = [];
    await Promise.race([this.#parts.exporter.shutdown(), cut.promise]);
  }

  #send(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const batch = this.#waiting.splice(0, BATCH_MAX);
    if (batch.length === 0) return;
    const sent = Promise.withResolvers<void>();
    // Before the exporter has it: it may answer at once.
    this.#sending = sent.promise;
    this.#parts.exporter.export(batch, ({ code, error }) => {
      if (code === 0) this.counts.exported += batch.length;
      else this.#failed(batch.length, error);
      this.#sending = undefined;
      sent.resolve();
      this.#send();
    });
  }

  #failed(spans: number, error: unknown): void {
    this.counts.failed += spans;
    const { clock, problem } = this.#parts;
    if (clock.monotonic() - this.#toldAt < PROBLEM_EVERY_MS) return;
    this.#toldAt = clock.monotonic();
    problem(error ?? new Error('the collector of traces did not take them'));
  }
}
