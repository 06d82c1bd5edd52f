import { readCaller, writeCaller } from '../../contract/feed-codec.ts';
import type { CallerEntry } from '../../contract/feeds.ts';

/** Keys that another server on the same database has made, changed or revoked: what it said lies over what this one knows (X4). */
export class ForeignCallers {
  readonly #entries = new Map<string, CallerEntry | null>();

  /** Null: revoked elsewhere. Undefined: nobody else has said anything. */
  find(hash: string): CallerEntry | null | undefined {
    return this.#entries.get(hash);
  }

  /** What the feed says of a key. What this server has said itself comes back as well, and lies over nothing. */
  take(hash: string, text: string | null, own: CallerEntry | undefined): void {
    if (text === (own ? writeCaller(own) : null)) this.#entries.delete(hash);
    else this.#entries.set(hash, text === null ? null : readCaller(text));
  }

  /** This server changes a key. Returns false for one that was revoked elsewhere: that is final. */
  yieldTo(hash: string, entry: CallerEntry | undefined): boolean {
    if (entry && this.#entries.get(hash) === null) return false;
    this.#entries.delete(hash);
    return true;
  }
}
