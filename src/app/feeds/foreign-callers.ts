import { readCaller, writeCaller } from '../../contract/feed-codec.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import type { CallerRow } from '../../db/feeds.ts';

/**
 * Keys that another server on the same database has made, changed or revoked: what it said lies over what this one knows (X4). What this one says itself comes back by
 * the feed as well, a little later: until then, older rows of such a key are none of the other's.
 */
export class ForeignCallers {
  readonly #entries = new Map<string, CallerEntry | null>();
  /** This server's own changes that have not come back: their versions, once they have one. */
  readonly #own = new Map<string, number>();

  /** Null: revoked elsewhere. Undefined: nobody else has said anything. */
  find(hash: string): CallerEntry | null | undefined {
    return this.#entries.get(hash);
  }

  /** What the feed says of a key; `own`: what this server knows of it. */
  take({ hash, entry, version }: CallerRow, own: CallerEntry | undefined): void {
    const waitsFor = this.#own.get(hash);
    if (waitsFor !== undefined && version < waitsFor) return;
    this.#own.delete(hash);
    if (entry === (own ? writeCaller(own) : null)) this.#entries.delete(hash);
    else this.#entries.set(hash, entry === null ? null : readCaller(entry));
  }

  /** This server changes a key. Returns false for one that was revoked elsewhere: that is final. */
  changedHere(hash: string, entry: CallerEntry | undefined): boolean {
    if (entry && this.#entries.get(hash) === null) return false;
    this.#entries.delete(hash);
    this.#own.set(hash, Number.POSITIVE_INFINITY);
    return true;
  }

  /** The change has its place in the feed, unless another has come since; without a version: it has none, because the key was revoked elsewhere meanwhile. */
  writtenHere(hash: string, version: number | undefined): void {
    if (version === undefined) {
      this.#own.delete(hash);
      this.#entries.set(hash, null);
    } else if (this.#own.has(hash)) this.#own.set(hash, version);
  }
}
