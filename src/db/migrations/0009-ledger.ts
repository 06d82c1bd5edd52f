import { inStatements } from './statements.ts';

/**
 * The book: transactions, their entries, what each account comes to, and the newest hash. Entries are never changed nor removed; guarded accounts never
 * go below zero. Grants say what of a wallet may be spent first and until when; credit leases what a gateway may spend of it without asking.
 */
const TABLES = [
  `CREATE TABLE ledger_transactions (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, org_id TEXT NOT NULL, reference TEXT NOT NULL,
     created_at BIGINT NOT NULL, hash TEXT NOT NULL)`,
  `CREATE INDEX ledger_transactions_by_org ON ledger_transactions (org_id, created_at)`,
  `CREATE TABLE ledger_entries (seq INTEGER NOT NULL REFERENCES ledger_transactions(seq), line INTEGER NOT NULL, account TEXT NOT NULL,
     amount_micros BIGINT NOT NULL CHECK (amount_micros <> 0), PRIMARY KEY (seq, line))`,
  `CREATE INDEX ledger_entries_by_account ON ledger_entries (account, seq)`,
  `CREATE TABLE ledger_balances (account TEXT PRIMARY KEY, balance_micros BIGINT NOT NULL, is_guarded INTEGER NOT NULL, CHECK (is_guarded = 0 OR balance_micros >= 0))`,
  `CREATE TABLE ledger_head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL)`,
  `CREATE TABLE grants (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, priority INTEGER NOT NULL, expires_at BIGINT, note TEXT NOT NULL, created_at BIGINT NOT NULL)`,
  `CREATE INDEX grants_by_org ON grants (org_id, priority)`,
  `CREATE TABLE credit_leases (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, gateway TEXT NOT NULL, epoch INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'abandoned')), created_at BIGINT NOT NULL, closed_at BIGINT)`,
  `CREATE INDEX credit_leases_by_gateway ON credit_leases (gateway, state)`,
];
const IMMUTABLE = ['ledger_transactions', 'ledger_entries'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (verb) =>
      `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, 'the ledger is immutable: correct by a reversing transaction'); END`,
  ),
);
const GENESIS = `INSERT INTO ledger_head (id, seq, hash) VALUES (1, 0, '${'0'.repeat(64)}')`;

export const ledger = inStatements([...TABLES, ...IMMUTABLE, GENESIS]);
