import { batchOf, type EncodedRecord, type RecordBatch } from './record.ts';

/** Records that wait for the poster in memory; what comes beyond is read from the disk again. */
const RECORDS_MAX = 10_000;

/** One group as the log has written it: where it stands in its segment, and what is in it. */
export interface WrittenGroup {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
  readonly parts: readonly EncodedRecord[];
}

/**
 * What the log has written and the poster has not yet posted, so that it need not be read again. It only ever saves a read: a group is
 * given out only where it continues exactly what is posted, and may be forgotten at any time, because the disk has it.
 */
export class Handover {
  #groups: WrittenGroup[] = [];
  #records = 0;

  add(group: WrittenGroup): void {
    if (this.#records + group.parts.length > RECORDS_MAX) this.#forget();
    this.#groups.push(group);
    this.#records += group.parts.length;
  }

  /** The groups from `offset` of `segment` on, one after the other, up to some `recordsMax`; undefined when they are not here. */
  next(segment: string, offset: number, recordsMax: number): (RecordBatch & { readonly bytes: number }) | undefined {
    while (this.#groups[0] && isBefore(this.#groups[0], segment, offset)) this.#drop(1);
    const parts: EncodedRecord[] = [];
    let end = offset;
    let count = 0;
    for (const group of this.#groups) {
      if (group.segment !== segment || group.from !== end || parts.length >= recordsMax) break;
      parts.push(...group.parts);
      end = group.to;
      count++;
    }
    if (count === 0) return undefined;
    this.#drop(count);
    return { ...batchOf(parts), bytes: end - offset };
  }

  #drop(count: number): void {
    for (const { parts } of this.#groups.splice(0, count)) this.#records -= parts.length;
  }

  #forget(): void {
    this.#groups = [];
    this.#records = 0;
  }
}

function isBefore(group: WrittenGroup, segment: string, offset: number): boolean {
  return group.segment < segment || (group.segment === segment && group.from < offset);
}
