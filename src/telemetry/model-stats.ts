import type { UsageRecord } from '../contract/usage.ts';

/** Model versions are told apart up to so many; those beyond are not counted. */
const VERSIONS_MAX = 10_000;
/** And sizes of a version's batches up to so many. */
const BATCH_SIZES_MAX = 128;

/** How often, and milliseconds in all. */
export interface Tally {
  readonly count: number;
  readonly ms: number;
}

/** What became of the calls of one model version since this process has started. */
export interface ModelFigures {
  /** Milliseconds since 1970 of the last call that was served; 0: none. */
  readonly lastCallAt: number;
  /** Rows of tensor calls; other calls count as one. */
  readonly inferences: number;
  /** Calls that went to an engine alone or together, and were answered. */
  readonly executions: number;
  readonly success: Tally;
  readonly failure: Tally;
  /** Waiting for a slot of an engine, of calls that succeeded; and from there until the answer. */
  readonly queue: Tally;
  readonly compute: Tally;
  /** Executions by the rows that they had, smallest first. */
  readonly batches: readonly { readonly rows: number; readonly compute: Tally }[];
}

interface MutableTally {
  count: number;
  ms: number;
}

interface Counts {
  lastCallAt: number;
  inferences: number;
  executions: number;
  readonly success: MutableTally;
  readonly failure: MutableTally;
  readonly queue: MutableTally;
  readonly compute: MutableTally;
  readonly batches: Map<number, MutableTally>;
}

export interface Execution {
  readonly deployment: string;
  readonly version: number;
  readonly rows: number;
  readonly ms: number;
}

/** Counts calls by deployment and model version (C83). Nothing is ever taken back: all figures only grow. */
export class ModelStats {
  readonly #versions = new Map<string, Map<number, Counts>>();
  #size = 0;

  add(record: UsageRecord): void {
    // Who has left says nothing of the model.
    if (record.status === 'cancelled') return;
    const counts = this.#of(record.deployment, record.version);
    if (!counts) return;
    if (record.status === 'failed') return addTo(counts.failure, record.durationMs);
    const { admit = 0, queue = admit, first_byte: answered = record.durationMs } = record.stages;
    counts.lastCallAt = Math.max(counts.lastCallAt, record.startedAt);
    counts.inferences += Math.max(record.rows, 1);
    addTo(counts.success, record.durationMs);
    addTo(counts.queue, queue - admit);
    // A tensor answer is whole when it begins; a text is computed until its end.
    addTo(counts.compute, (record.operation === 'infer' ? answered : record.durationMs) - queue);
  }

  executed({ deployment, version, rows, ms }: Execution): void {
    const counts = this.#of(deployment, version);
    if (!counts) return;
    counts.executions += 1;
    let tally = counts.batches.get(rows);
    if (!tally && counts.batches.size < BATCH_SIZES_MAX) counts.batches.set(rows, (tally = { count: 0, ms: 0 }));
    if (tally) addTo(tally, ms);
  }

  figures(deployment: string, version: number): ModelFigures {
    const counts = this.#versions.get(deployment)?.get(version) ?? nothing();
    const batches = [...counts.batches].map(([rows, compute]) => ({ rows, compute })).toSorted((a, b) => a.rows - b.rows);
    return { ...counts, batches };
  }

  #of(deployment: string, version: number): Counts | undefined {
    const known = this.#versions.get(deployment)?.get(version);
    if (known || this.#size >= VERSIONS_MAX) return known;
    const counts = nothing();
    const versions = this.#versions.get(deployment) ?? new Map<number, Counts>();
    this.#versions.set(deployment, versions.set(version, counts));
    this.#size += 1;
    return counts;
  }
}

function nothing(): Counts {
  const tally = (): MutableTally => ({ count: 0, ms: 0 });
  return { lastCallAt: 0, inferences: 0, executions: 0, success: tally(), failure: tally(), queue: tally(), compute: tally(), batches: new Map() };
}

function addTo(tally: MutableTally, ms: number): void {
  tally.count += 1;
  tally.ms += Math.max(ms, 0);
}
