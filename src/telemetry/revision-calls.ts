import type { UsageRecord } from '../contract/usage.ts';
import { DurationHistogram } from './histogram.ts';

/** From here on an HTTP status is ours to answer for, not the caller's. */
const SERVER_ERROR = 500;

interface Counts {
  calls: number;
  errors: number;
  readonly duration: DurationHistogram;
}

/** What calls became of the revisions that somebody watches: nothing is counted otherwise. */
export class RevisionCalls {
  #watched: ReadonlyMap<string, Counts> = new Map();

  /** Counts `revisions`, those of `anew` from zero; what is not named is not counted. */
  watch(revisions: readonly string[], anew: readonly string[]): void {
    const before = this.#watched;
    this.#watched = new Map(revisions.map((id) => [id, (anew.includes(id) ? undefined : before.get(id)) ?? { calls: 0, errors: 0, duration: new DurationHistogram() }]));
  }

  add({ revision, status, httpStatus, durationMs }: UsageRecord): void {
    if (this.#watched.size === 0) return;
    const counts = this.#watched.get(revision);
    // Who has left says nothing of the revision.
    if (!counts || status === 'cancelled') return;
    counts.calls += 1;
    if (status === 'failed' && (httpStatus >= SERVER_ERROR || httpStatus === 200)) counts.errors += 1;
    counts.duration.observe(durationMs / 1_000);
  }

  /** A call that it failed was served elsewhere: the record that comes of it names the other revision. */
  failed(revision: string): void {
    const counts = this.#watched.get(revision);
    if (!counts) return;
    counts.calls += 1;
    counts.errors += 1;
  }

  figures(revision: string): { readonly calls: number; readonly errors: number; readonly p99Ms: number } {
    const counts = this.#watched.get(revision);
    return { calls: counts?.calls ?? 0, errors: counts?.errors ?? 0, p99Ms: (counts?.duration.quantile(0.99) ?? 0) * 1_000 };
  }

  /** How many of its calls took longer. */
  slowerThan(revision: string, ms: number): number {
    return this.#watched.get(revision)?.duration.countAbove(ms / 1_000) ?? 0;
  }
}
