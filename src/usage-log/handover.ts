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
  /** One block, written round and round: a buffer for each group would grow old with it, and V8 would walk the whole heap every few thousand calls to be rid of them. */
  readonly #ring: Buffer;
  /** Where the next group goes. */
  #at = 0;
  #groups: WrittenGroup[] = [];

  /** Of more than `bytesMax` bytes of lines all are forgotten, and the poster reads the disk until it has caught up; a group that is larger by itself is never kept. */
  constructor(bytesMax: number) {
    this.#ring = Buffer.allocUnsafeSlow(bytesMax);
  }

  /** The bytes of a group that is about to be written. They stay as they are until the ring comes round to them. */
  place(text: string): Buffer {
    const length = Buffer.byteLength(text);
    if (length > this.#ring.length) {
      this.#forget();
      return Buffer.from(text);
    }
    const left = this.#ring.length - this.#at;
    const wraps = length > left;
    if (this.#isNear(wraps ? left + length : length)) this.#forget();
    const from = wraps ? 0 : this.#at;
    this.#at = from + this.#ring.write(text, from);
    return this.#ring.subarray(from, this.#at);
  }

  add(group: WrittenGroup): void {
    if (group.lines.buffer === this.#ring.buffer) this.#groups.push(group);
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
    const batch = new RecordBatch({ lines: taken.map(({ lines }) => lines), count, priced: taken.flatMap(({ priced }) => priced) });
    return { batch, bytes: end - offset };
  }

  #dropBefore(segment: string, offset: number): void {
    const first = this.#groups.findIndex((group) => !isBefore(group, segment, offset));
    this.#drop(first < 0 ? this.#groups.length : first);
  }

  #drop(count: number): void {
    if (count > 0) this.#groups.splice(0, count);
  }

  #forget(): void {
    this.#groups = [];
  }

  /** Whether the oldest group begins within the next `bytes` of the ring: none of the others can be nearer. */
  #isNear(bytes: number): boolean {
    const [oldest] = this.#groups;
    return oldest !== undefined && (oldest.lines.byteOffset - this.#at + this.#ring.length) % this.#ring.length < bytes;
  }
}

function isBefore(group: WrittenGroup, segment: string, offset: number): boolean {
  return group.segment < segment || (group.segment === segment && group.from < offset);
}
