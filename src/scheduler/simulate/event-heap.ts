/** Something that happens at a moment of virtual time, in milliseconds. */
export interface TimedEvent {
  readonly at: number;
  happen(): void;
}

interface Entry {
  readonly order: number;
  readonly event: TimedEvent;
}

/** A binary heap: the earliest first, and of one moment in the order in which they were pushed, so that a run is the same every time. */
export class EventHeap {
  readonly #entries: Entry[] = [];
  #pushed = 0;

  get nextAt(): number {
    return this.#entries[0]?.event.at ?? Number.POSITIVE_INFINITY;
  }

  push(event: TimedEvent): void {
    const entries = this.#entries;
    const entry = { order: this.#pushed++, event };
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent] as Entry;
      if (!isBefore(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  pop(): TimedEvent | undefined {
    const [first] = this.#entries;
    const last = this.#entries.pop();
    if (!first || !last) return undefined;
    if (this.#entries.length > 0) this.#sink(last);
    return first.event;
  }

  /** Puts an entry in at the top, and lets it sink to where it belongs. */
  #sink(entry: Entry): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= entries.length) break;
      const right = left + 1;
      const child = right < entries.length && isBefore(entries[right] as Entry, entries[left] as Entry) ? right : left;
      const below = entries[child] as Entry;
      if (!isBefore(below, entry)) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.event.at < b.event.at || (a.event.at === b.event.at && a.order < b.order);
}
