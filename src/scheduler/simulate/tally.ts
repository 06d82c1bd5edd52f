/** What came of one run. Conservation: arrivals = served + running + waiting + refused + cut. */
export interface Result {
  readonly policy: string;
  readonly arrivals: number;
  readonly served: number;
  /** At the end. */
  readonly running: number;
  readonly waiting: number;
  /** By a full queue. */
  readonly refused: number;
  /** Lost with an engine that was sent away and had no more time for them. */
  readonly cut: number;
  /** Share whose first token came within the objective, of all for whom that is known. */
  readonly attainment: number;
  /** From arrival to a slot; those still waiting count with what they have waited. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  /** Busy slot-seconds of those of loaded replicas. */
  readonly slotsBusy: number;
  /** Reserved byte-seconds of those of all nodes. */
  readonly memoryUsed: number;
  readonly loads: number;
  /** Loads for a waiting call while no other replica of the same model was there. */
  readonly coldStarts: number;
  /** Replicas sent away, the last of their model, before it had been idle for its idle time. */
  readonly evictions: number;
  /** Hours in which a node held at least one replica. */
  readonly nodeHours: number;
  readonly decisions: number;
}

/** A quantity over time and the area under it. */
class Level {
  #value = 0;
  #since = 0;
  #area = 0;

  change(by: number, now: number): void {
    this.#area += this.#value * (now - this.#since);
    this.#since = now;
    this.#value += by;
  }

  areaUntil(now: number): number {
    return this.#area + this.#value * (now - this.#since);
  }

  get value(): number {
    return this.#value;
  }
}

/** Counts while a run goes on. */
export class Tally {
  readonly #waits: number[] = [];
  readonly #sloMs: number;
  #attained = 0;
  #missed = 0;
  readonly busySlots = new Level();
  readonly slots = new Level();
  readonly memory = new Level();
  readonly nodesUsed = new Level();
  arrivals = 0;
  served = 0;
  refused = 0;
  cut = 0;
  loads = 0;
  coldStarts = 0;
  evictions = 0;
  decisions = 0;

  constructor(sloMs: number) {
    this.#sloMs = sloMs;
  }

  started(waitMs: number, prefillMs: number): void {
    this.#waits.push(waitMs);
    if (waitMs + prefillMs <= this.#sloMs) this.#attained++;
    else this.#missed++;
  }

  refuse(): void {
    this.refused++;
    this.#missed++;
  }

  /** At the end, for each call that still waits. */
  #leftWaiting(waitMs: number): void {
    this.#waits.push(waitMs);
    if (waitMs > this.#sloMs) this.#missed++;
  }

  result(policy: string, end: End): Result {
    for (const waitMs of end.waitingMs) this.#leftWaiting(waitMs);
    const waits = Float64Array.from(this.#waits).toSorted();
    const { arrivals, served, refused, cut, loads, coldStarts, evictions, decisions } = this;
    return {
      policy,
      arrivals,
      served,
      running: this.busySlots.value,
      waiting: end.waitingMs.length,
      refused,
      cut,
      attainment: share(this.#attained, this.#attained + this.#missed),
      waitP50Ms: percentile(waits, 0.5),
      waitP99Ms: percentile(waits, 0.99),
      slotsBusy: share(this.busySlots.areaUntil(end.now), this.slots.areaUntil(end.now)),
      memoryUsed: share(this.memory.areaUntil(end.now), end.memoryBytes * end.now),
      loads,
      coldStarts,
      evictions,
      nodeHours: this.nodesUsed.areaUntil(end.now) / 3_600_000,
      decisions,
    };
  }
}

interface End {
  readonly now: number;
  /** Of all nodes. */
  readonly memoryBytes: number;
  /** How long each waiting call has waited. */
  readonly waitingMs: readonly number[];
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Nearest rank. */
function percentile(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
}
