import type { CallerEntry } from '../../contract/feeds.ts';
import type { StoredKey } from '../identity/index.ts';
import { callerEntry } from './model.ts';

/** The callers feed: every live key's entry by its hash, in memory. */
export class Entitlements {
  readonly #entries = new Map<string, CallerEntry>();

  /** Replaces all entries, at the start. */
  load(keys: readonly StoredKey[]): void {
    this.#entries.clear();
    for (const key of keys) this.keyChanged(key);
  }

  /** Takes one key's new state. A revoked key's entry is gone when this returns. */
  keyChanged(key: StoredKey): void {
    if (key.revokedAt !== null) this.#entries.delete(key.hash);
    else this.#entries.set(key.hash, callerEntry(key));
  }

  /** A live key's entry by its id; slower than by hash, for what happens seldom. */
  byKeyId(keyId: string): CallerEntry | undefined {
    return this.#entries.values().find((entry) => entry.keyId === keyId);
  }

  find(hash: string): CallerEntry | undefined {
    return this.#entries.get(hash);
  }
}
