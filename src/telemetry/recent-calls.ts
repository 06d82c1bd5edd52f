import type { UsageRecord } from '../contract/usage.ts';
import { DurationHistogram } from './histogram.ts';
import { isServerFault } from './server-fault.ts';

const SLOT_MS = 5_000;
const SLOTS = 12;

/** Calls of one deployment over the last minute. */
export interface RecentFigures {
  readonly deployment: string;
  readonly calls: number;
  /** By our fault or an engine's; what a client sent wrong is not among them. */
  readonly failed: number;
  readonly tokens: number;
  /** Seconds that these were counted over. */
  readonly seconds: number;
  readonly duration: DurationHistogram;
  readonly firstByte: DurationHistogram;
}

interface Slot {
  readonly startedAt: number;
  readonly byDeployment: Map<string, Counts>;
}

interface Counts {
  calls: number;
  failed: number;
  tokens: number;
  readonly duration: DurationHistogram;
  readonly firstByte: DurationHistogram;
}

/** The last minute, in slots of five seconds: what is older falls out as time goes on. Times are monotonic milliseconds. */
export class RecentCalls {
  #slots: Slot[] = [];

  add(record: UsageRecord, now: number): void {
    const counts = this.#countsOf(record.deployment, now);
    counts.calls += 1;
    if (isServerFault(record)) counts.failed += 1;
    counts.tokens += record.completionTokens;
    counts.duration.observe(record.durationMs / 1_000);
    const firstByte = record.stages['first_byte'];
    if (firstByte !== undefined) counts.firstByte.observe(firstByte / 1_000);
  }

  now(now: number): readonly RecentFigures[] {
    const slots = this.#slots.filter(({ startedAt }) => now - startedAt < SLOT_MS * SLOTS);
    const sums = new Map<string, Counts>();
    for (const { byDeployment } of slots) for (const [deployment, counts] of byDeployment) sums.set(deployment, merged(sums.get(deployment) ?? none(), counts));
    return [...sums].map(([deployment, counts]) => ({ deployment, ...counts, seconds: (SLOT_MS * SLOTS) / 1_000 }));
  }

  #countsOf(deployment: string, now: number): Counts {
    let slot = this.#slots.at(-1);
    if (!slot || now - slot.startedAt >= SLOT_MS) {
      slot = { startedAt: now, byDeployment: new Map() };
      this.#slots = [...this.#slots.slice(1 - SLOTS), slot];
    }
    const known = slot.byDeployment.get(deployment);
    if (known) return known;
    const made = none();
    slot.byDeployment.set(deployment, made);
    return made;
  }
}

function none(): Counts {
  return { calls: 0, failed: 0, tokens: 0, duration: new DurationHistogram(), firstByte: new DurationHistogram() };
}

function merged(into: Counts, { calls, failed, tokens, duration, firstByte }: Counts): Counts {
  into.calls += calls;
  into.failed += failed;
  into.tokens += tokens;
  into.duration.merge(duration);
  into.firstByte.merge(firstByte);
  return into;
}
