/** So many blobs are held at once; past it the oldest hold goes, and only the blob's age protects it. */
const DIGESTS_MAX = 10_000;
const HOLDERS_MAX = 1_000;

/**
 * Blobs that somebody is about to make a version of: garbage collection leaves them alone, whatever it is told.
 * In memory; after a restart it is their age alone that protects them, which is enough unless an operator collects without a grace.
 */
export class Holds {
  /** Digest → holder → until when, milliseconds since 1970. */
  readonly #held = new Map<string, Map<string, number>>();

  add(digest: string, holder: string, untilMs: number): void {
    const holders = this.#held.get(digest) ?? new Map<string, number>();
    // Last in the order: the first ones are the oldest.
    this.#held.delete(digest);
    this.#held.set(digest, holders);
    holders.delete(holder);
    holders.set(holder, untilMs);
    dropOldest(this.#held, DIGESTS_MAX);
    dropOldest(holders, HOLDERS_MAX);
  }

  release(digest: string, holder: string): void {
    const holders = this.#held.get(digest);
    holders?.delete(holder);
    if (holders?.size === 0) this.#held.delete(digest);
  }

  releaseAll(holder: string): void {
    for (const digest of this.#held.keys()) this.release(digest, holder);
  }

  has(digest: string, nowMs: number): boolean {
    for (const [holder, untilMs] of this.#held.get(digest) ?? []) {
      if (untilMs > nowMs) return true;
      this.release(digest, holder);
    }
    return false;
  }
}

function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  for (const key of map.keys()) {
    if (map.size <= sizeMax) return;
    map.delete(key);
  }
}
