import type { UsageRecord } from '../../contract/usage.ts';
import type { JsonRows } from '../../db/json-rows.ts';
import { type Db, type Tx, transact } from '../../db/open.ts';
import type { Grouping, UsageQuery, UsageSum, UsageWork, WorkSplit } from './model.ts';
import { findRecords, insertRecords, listCharged, listKnown, listPriced, listUsage, sumUsage, sumWork } from './store.ts';

const IDS_PER_STATEMENT = 500;

/** Usage rows: written by the poster, read by whoever made the calls. */
export class Usage {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Stores a batch of `UsageRecord`s in one transaction; ids that are known already are left as they are. */
  post(rows: JsonRows): Promise<void> {
    return transact(this.#db, (tx) => this.postIn(tx, rows));
  }

  postIn(tx: Tx, rows: JsonRows): Promise<void> {
    return insertRecords(tx, rows);
  }

  /** Those of these ids that are stored already. */
  known(on: Db | Tx, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    return listKnown(on, requestIds);
  }

  find(requestIds: readonly string[], on: Db | Tx = this.#db): Promise<UsageRecord[]> {
    return findRecords(on, requestIds);
  }

  /** A page of the calls that have a price, by their ids, from after one of them. */
  priced(afterId: string, rowsMax: number): Promise<UsageRecord[]> {
    return listPriced(this.#db, afterId, rowsMax);
  }

  /** Those of these calls that there is something to charge for. */
  async charged(requestIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (let from = 0; from < requestIds.length; from += IDS_PER_STATEMENT)
      for (const id of await listCharged(this.#db, requestIds.slice(from, from + IDS_PER_STATEMENT))) found.add(id);
    return found;
  }

  sum(query: UsageQuery, grouping: Grouping): Promise<UsageSum[]> {
    return sumUsage(this.#db, query, grouping);
  }

  /** What each deployment served, of all organisations. */
  work(range: Pick<UsageQuery, 'since' | 'until'>, split: WorkSplit): Promise<UsageWork[]> {
    return sumWork(this.#db, range, split);
  }

  list(query: UsageQuery, rowsMax: number): Promise<UsageRecord[]> {
    return listUsage(this.#db, query, rowsMax);
  }
}
