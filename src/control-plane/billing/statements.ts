import { type Db, transact, type Tx } from '../../db/open.ts';
import { lockBook, payable } from '../ledger/index.ts';
import { consumerFigures, type Figures, platformFigures, publisherFigures, type StatementKind } from './statement-model.ts';
import * as store from './store.ts';

/** Who and when. Times are milliseconds since 1970, `to` is exclusive. */
export interface StatementQuery extends store.Span {
  readonly kind: StatementKind;
  /** Of consumers and publishers. */
  readonly orgId: string;
}

/** What changed credit, earnings or the whole book in a span: computed from the book's entries, and held against its balances. */
export class Statements {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  async of(query: StatementQuery): Promise<Figures> {
    const figures = await transact(this.#db, (tx) => figuresOf(tx, query));
    if (figures.foots) return figures;
    // On PostgreSQL somebody may have posted between two of its queries: once more, with the book held still.
    return transact(this.#db, async (tx) => {
      await lockBook(tx);
      return figuresOf(tx, query);
    });
  }
}

async function figuresOf(tx: Tx, { kind, orgId, from, to }: StatementQuery): Promise<Figures> {
  const account = payable(orgId);
  const spans = async <Sum>(read: (span: store.Span) => Promise<readonly Sum[]>) => ({
    before: await read({ from: Number.MIN_SAFE_INTEGER, to: from }),
    within: await read({ from, to }),
    after: await read({ from: to, to: Number.MAX_SAFE_INTEGER }),
  });
  switch (kind) {
    case 'consumer':
      return consumerFigures(await spans((span) => store.sumEntries(tx, span, orgId)), await store.sumCharges(tx, { from, to }, { orgId }), await store.keptCredit(tx, orgId));
    case 'publisher': {
      const sums = await spans((span) => store.sumAccount(tx, span, account));
      return publisherFigures(sums, await store.sumCharges(tx, { from, to }, { payable: account }), await store.keptOf(tx, account));
    }
    case 'platform':
      return platformFigures(await spans((span) => store.sumEntries(tx, span)), await store.keptByClass(tx));
  }
}
