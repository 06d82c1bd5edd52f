import { isPriced, lineOf } from './record.ts';
import type { UsageRecord } from '../contract/usage.ts';

/** More than this go out with the next write: a group is also what the poster takes at once. */
const GROUP_RECORDS_MAX = 1_000;

/** What goes out with one write: all who wait for it share its fate, and so one promise. */
export class Group {
  count = 0;
  /** What is to be paid for: the poster wants more of these than their lines. */
  readonly priced: UsageRecord[] = [];
  readonly #settled = Promise.withResolvers<void>();
  #text = '';

  get full(): boolean {
    return this.count >= GROUP_RECORDS_MAX;
  }

  get text(): string {
    return this.#text;
  }

  add(record: UsageRecord): Promise<void> {
    this.count++;
    if (isPriced(record)) this.priced.push(record);
    this.#text += lineOf(record);
    return this.#settled.promise;
  }

  /** An empty line: it asks whether the disk takes anything, and means nothing to a reader. */
  addProbe(): void {
    this.#text += '\n';
    // Nobody waits for it.
    this.#settled.promise.catch(() => undefined);
  }

  written(): void {
    this.#settled.resolve();
  }

  failed(error: unknown): void {
    this.#settled.reject(error);
  }
}
