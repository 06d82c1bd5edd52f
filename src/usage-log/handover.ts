import type { UsageRecord } from '../contract/usage.ts';
import { type DecodedRecords, RecordBatch } from './record.ts';

/** One group as the log has written it: where it stands in its segment, and what is in it. */
export interface WrittenGroup {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
  readonly lines: Buffer;
  readonly count: number;
  readonly priced: readonly UsageRecord[];
}

/**
 * What the log has written and the poster has not yet posted, so that it need not be read again. It only ever saves a read: a group is
 * given out only where it continues exactly what is posted, and may be forgotten at any time, because the disk has it. A poster that
 * has read from the disk finds its way back here when it has caught up: the end of what is written is the start of the next group.
 */
export class Handover {
  readonly #recordsMax: number;
  #groups: WrittenGroup[] = [];
  #records = 0;

  /** When more than `recordsMax` wait, all are forgotten, and the poster reads the disk until it has caught up. */
  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax;
  }

  add(group: WrittenGroup): void {
    if (this.#records + group.count > this.#recordsMax) this.#forget();
    this.#groups.push(group);
    this.#records += group.count;
  }

  /** The groups from `offset` of `segment` on, one after the other, up to some `recordsMax`; undefined when they are not here. */
  next(segment: string, offset: number, recordsMax: number): Omit<DecodedRecords, 'damaged'> | undefined {
    this.#dropBefore(segment, offset);
    const taken: WrittenGroup[] = [];
    let end = offset;
    let count = 0;
    for (const group of this.#groups) {
      if (group.segment !== segment || group.from !== end || count >= recordsMax) break;
      taken.push(group);
      end = group.to;
      count += group.count;
    }
    if (taken.length === 0) return undefined;
    this.#drop(taken.length);
    const batch = new RecordBatch({ lines: Buffer.concat(taken.map(({ lines }) => lines)), count, priced: taken.flatMap(({ priced }) => priced) });
    return { batch, bytes: end - offset };
  }

  #dropBefore(segment: string, offset: number): void {
    const first = this.#groups.findIndex((group) => !isBefore(group, segment, offset));
    this.#drop(first < 0 ? this.#groups.length : first);
  }

  #drop(count: number): void {
    for (const group of this.#groups.splice(0, count)) this.#records -= group.count;
  }

  #forget(): void {
    this.#groups = [];
    this.#records = 0;
  }
}

function isBefore(group: WrittenGroup, segment: string, offset: number): boolean {
  return group.segment < segment || (group.segment === segment && group.from < offset);
}
