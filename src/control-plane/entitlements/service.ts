import { Mutex } from '../../base/mutex.ts';
import type { CallerEntry, Offer } from '../../contract/feeds.ts';
import { writeCaller } from '../../contract/feed-codec.ts';
import { type Db, transact, type Tx } from '../../db/open.ts';
import type { StoredKey } from '../identity/index.ts';
import { Lineages } from './lineages.ts';
import { callerEntry, isBudgetOf, NO_TERMS, offerOf, type Terms } from './model.ts';

/** A live key's new entry, or that the key of this hash is no more. */
export type CallerChange = CallerEntry | { readonly hash: string; readonly removed: true };

export interface EntitlementsOptions {
  readonly db: Db;
  /** Joins the contracts and budgets of these organisations, or of all. */
  terms(on: Db | Tx, orgIds?: readonly string[]): Promise<ReadonlyMap<string, Terms>>;
  /** Live keys of these organisations; another server may have made or changed them. */
  keys(on: Db | Tx, orgIds: readonly string[]): Promise<readonly StoredKey[]>;
  /** Told of each change after the load. */
  onChanged?(change: CallerChange): void;
}

/** An organisation's terms as they are joined with its keys. */
interface Offering {
  readonly terms: Terms;
  readonly offers: ReadonlyMap<string, Offer>;
}

const NOTHING: Offering = { terms: NO_TERMS, offers: new Map() };

/** The callers feed: every live key's entry by its hash, in memory. */
export class Entitlements {
  readonly lineages = new Lineages();
  readonly #options: EntitlementsOptions;
  readonly #turns = new Mutex();
  readonly #entries = new Map<string, CallerEntry>();
  readonly #keys = new Map<string, StoredKey>();
  readonly #keysOf = new Map<string, Set<string>>();
  readonly #offerings = new Map<string, Offering>();
  /** Keys that were changed here since the present change began: what it reads of them may be older. */
  readonly #touched = new Set<string>();

  constructor(options: EntitlementsOptions) {
    this.#options = options;
  }

  /** Replaces all entries, at the start. `replacements`: keys and those that replaced them, the oldest first. */
  async load(keys: readonly StoredKey[], replacements: readonly (readonly [key: string, by: string])[] = []): Promise<void> {
    for (const [key, by] of replacements) this.lineages.replaced(key, by);
    const terms = await this.#options.terms(this.#options.db);
    for (const map of [this.#entries, this.#keys, this.#keysOf, this.#offerings]) map.clear();
    for (const [orgId, of] of terms) this.#offerings.set(orgId, offeringOf(of));
    for (const key of keys) this.#keep(key);
  }

  /** Takes one key's new state. A revoked key's entry is gone when this returns. */
  keyChanged(key: StoredKey): void {
    this.#touched.add(key.id);
    if (key.replacedBy !== null) this.lineages.replaced(key.id, key.replacedBy);
    const change = key.revokedAt === null ? this.#keep(key) : this.#drop(key);
    this.#options.onChanged?.(change);
  }

  /** A live key's entry by its id. */
  byKeyId(keyId: string): CallerEntry | undefined {
    return this.#entries.get(this.#keys.get(keyId)?.hash ?? '');
  }

  find(hash: string): CallerEntry | undefined {
    return this.#entries.get(hash);
  }

  /** Of all live keys. */
  all(): IterableIterator<CallerEntry> {
    return this.#entries.values();
  }

  /** Whether a key has a hard budget of its own, which it must not get round. */
  isBudgeted(keyId: string): boolean {
    const budgets = this.#offerings.get(this.#keys.get(keyId)?.orgId ?? '')?.terms.budgets ?? [];
    return budgets.some((budget) => budget.isHard && budget.keyId !== undefined && this.lineages.isSame(budget.keyId, keyId));
  }

  /** When the next scheduled change of a price is due, milliseconds since 1970. */
  nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const { terms } of this.#offerings.values()) {
      for (const contract of terms.contracts) if (contract.next && contract.next.at < (next ?? Number.POSITIVE_INFINITY)) next = contract.next.at;
    }
    return next;
  }

  /** The organisations for which one is due. */
  dueOrgs(now: number): string[] {
    return [...this.#offerings].filter(([, { terms }]) => terms.contracts.some(({ next }) => next !== undefined && next.at <= now)).map(([orgId]) => orgId);
  }

  /**
   * Runs what changes contracts or budgets, one after the other, each in a transaction of its own; it says whose they are. What they have become is read in the same
   * transaction, so that the feed has the change when this resolves, or there was none. So are their keys: with several servers on one database, each knows only what it has
   * read.
   */
  change<T>(work: (tx: Tx) => Promise<{ readonly result: T; readonly orgIds: readonly string[] }>): Promise<T> {
    return this.#turns.run(async () => {
      this.#touched.clear();
      const { result, orgIds, terms, keys } = await transact(this.#options.db, async (tx) => {
        const done = await work(tx);
        return { ...done, terms: await this.#options.terms(tx, done.orgIds), keys: await this.#options.keys(tx, done.orgIds) };
      });
      for (const key of keys) if (!this.#touched.has(key.id)) this.#know(key);
      for (const orgId of orgIds) this.#offer(orgId, terms.get(orgId) ?? NO_TERMS);
      return result;
    });
  }

  /** Reads anew what an organisation's keys may call: a key that is made here has what was subscribed to at another server. */
  refresh(orgId: string): Promise<void> {
    return this.change(async () => ({ result: undefined, orgIds: [orgId] }));
  }

  #offer(orgId: string, terms: Terms): void {
    this.#offerings.set(orgId, offeringOf(terms));
    for (const id of this.#keysOf.get(orgId) ?? []) {
      const key = this.#keys.get(id);
      if (!key) continue;
      const before = this.#entries.get(key.hash);
      const entry = this.#keep(key);
      if (!before || writeCaller(before) !== writeCaller(entry)) this.#options.onChanged?.(entry);
    }
  }

  #keep(key: StoredKey): CallerEntry {
    const entry = this.#entryOf(key);
    this.#entries.set(key.hash, entry);
    this.#know(key);
    return entry;
  }

  #know(key: StoredKey): void {
    this.#keys.set(key.id, key);
    const others = this.#keysOf.get(key.orgId);
    if (others) others.add(key.id);
    else this.#keysOf.set(key.orgId, new Set([key.id]));
  }

  #drop({ hash, id, orgId }: StoredKey): CallerChange {
    this.#entries.delete(hash);
    this.#keys.delete(id);
    this.#keysOf.get(orgId)?.delete(id);
    return { hash, removed: true };
  }

  #entryOf(key: StoredKey): CallerEntry {
    const { terms, offers } = this.#offerings.get(key.orgId) ?? NOTHING;
    const isSame = (a: string, b: string) => this.lineages.isSame(a, b);
    const bound = terms.contracts.filter(({ allKeys, keys }) => allKeys || keys.some((id) => isSame(id, key.id)));
    const budgets = terms.budgets.filter((budget) => budget.isHard && isBudgetOf(budget, key.id, isSame));
    return callerEntry(key, {
      offers: bound.flatMap(({ id }) => offers.get(id) ?? []),
      budgets: budgets.map(({ id }) => id).toSorted(),
    });
  }
}

function offeringOf(terms: Terms): Offering {
  return { terms, offers: new Map(terms.contracts.map((contract) => [contract.id, offerOf(contract)])) };
}
