import { inStatements } from './statements.ts';

/**
 * Prices, what is sold by them, contracts, budgets, and what a usage row is billed by. A price version is never changed. Columns in `_amount` are counts of a budget's
 * unit: micro-units of money, calls or tokens. The feeds are what gateways in other processes read; replays are answers kept under an idempotency key.
 */
const TABLES = [
  `CREATE TABLE price_versions (id TEXT PRIMARY KEY, plan_id TEXT NOT NULL, number INTEGER NOT NULL, currency TEXT NOT NULL, rates TEXT NOT NULL, publisher_org_id TEXT NOT NULL,
     publisher_basis_points INTEGER NOT NULL CHECK (publisher_basis_points BETWEEN 0 AND 10000), tax_basis_points INTEGER NOT NULL CHECK (tax_basis_points BETWEEN 0 AND 10000),
     is_confirmed INTEGER NOT NULL, created_by TEXT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (plan_id, number))`,
  `CREATE TABLE listings (id TEXT PRIMARY KEY, deployment TEXT NOT NULL UNIQUE, org_id TEXT NOT NULL, title TEXT NOT NULL, summary TEXT NOT NULL, card TEXT NOT NULL, licence TEXT NOT NULL,
     tags TEXT NOT NULL, visibility TEXT NOT NULL CHECK (visibility IN ('private', 'public')), visible_to TEXT NOT NULL, publisher_basis_points INTEGER,
     state TEXT NOT NULL CHECK (state IN ('draft', 'pending', 'listed', 'rejected', 'withdrawn')), reason TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`,
  `CREATE TABLE plans (id TEXT PRIMARY KEY, listing_id TEXT NOT NULL REFERENCES listings(id), name TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('free', 'pay_per_use')),
     quota_unit TEXT, quota_amount BIGINT, quota_period TEXT, limits TEXT NOT NULL, is_open INTEGER NOT NULL, created_at BIGINT NOT NULL, UNIQUE (listing_id, name))`,
  `CREATE TABLE subscriptions (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, plan_id TEXT NOT NULL REFERENCES plans(id), deployment TEXT NOT NULL, price_version TEXT NOT NULL,
     next_price_version TEXT, next_at BIGINT, state TEXT NOT NULL CHECK (state IN ('active', 'cancelled')), all_keys INTEGER NOT NULL, created_at BIGINT NOT NULL, cancelled_at BIGINT)`,
  `CREATE INDEX subscriptions_by_org ON subscriptions (org_id, state)`,
  `CREATE INDEX subscriptions_by_plan ON subscriptions (plan_id, state)`,
  `CREATE TABLE subscription_keys (subscription_id TEXT NOT NULL REFERENCES subscriptions(id), key_id TEXT NOT NULL, PRIMARY KEY (subscription_id, key_id))`,
  `CREATE TABLE budgets (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, key_id TEXT, subscription_id TEXT, unit TEXT NOT NULL CHECK (unit IN ('micros', 'requests', 'tokens')),
     limit_amount BIGINT NOT NULL CHECK (limit_amount >= 0), period TEXT NOT NULL CHECK (period IN ('day', 'month', 'total')), is_hard INTEGER NOT NULL, alert_percents TEXT NOT NULL,
     created_at BIGINT NOT NULL, removed_at BIGINT)`,
  `CREATE INDEX budgets_by_org ON budgets (org_id)`,
  `CREATE TABLE budget_periods (budget_id TEXT NOT NULL REFERENCES budgets(id), start BIGINT NOT NULL, used_amount BIGINT NOT NULL CHECK (used_amount >= 0),
     leased_amount BIGINT NOT NULL CHECK (leased_amount >= 0), alerted_percent INTEGER NOT NULL, PRIMARY KEY (budget_id, start))`,
  `ALTER TABLE credit_leases ADD COLUMN unit TEXT NOT NULL DEFAULT 'micros'`,
  `ALTER TABLE credit_leases ADD COLUMN left_amount BIGINT NOT NULL DEFAULT 0 CHECK (left_amount >= 0)`,
  `ALTER TABLE credit_leases ADD COLUMN budgets TEXT NOT NULL DEFAULT '[]'`,
  `ALTER TABLE usage ADD COLUMN subscription TEXT NOT NULL DEFAULT ''`,
  `ALTER TABLE usage ADD COLUMN price_version TEXT NOT NULL DEFAULT ''`,
  `ALTER TABLE usage ADD COLUMN lease TEXT NOT NULL DEFAULT ''`,
  `ALTER TABLE grants ADD COLUMN swept_at BIGINT`,
  `CREATE INDEX grants_by_expiry ON grants (expires_at) WHERE swept_at IS NULL`,
  `CREATE INDEX ledger_transactions_by_reference ON ledger_transactions (reference)`,
  `CREATE TABLE replays (org_id TEXT NOT NULL, idempotency_key TEXT NOT NULL, body_hash TEXT NOT NULL, request_id TEXT NOT NULL, gateway TEXT NOT NULL, epoch INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('running', 'done', 'lost')), status INTEGER, headers TEXT, body TEXT, created_at BIGINT NOT NULL, PRIMARY KEY (org_id, idempotency_key))`,
  `CREATE INDEX replays_by_time ON replays (created_at)`,
  `CREATE TABLE gateways (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, started_at BIGINT NOT NULL, seen_at BIGINT NOT NULL)`,
  `CREATE TABLE gateway_loads (gateway TEXT PRIMARY KEY, at BIGINT NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE feed_generation (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL)`,
  `CREATE TABLE routes_feed (id INTEGER PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL, epoch INTEGER NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE callers_feed (hash TEXT PRIMARY KEY, version BIGINT NOT NULL, entry TEXT)`,
  `CREATE UNIQUE INDEX callers_feed_by_version ON callers_feed (version)`,
];
const IMMUTABLE = ['UPDATE', 'DELETE'].map(
  (verb) => `CREATE TRIGGER price_versions_no_${verb.toLowerCase()} BEFORE ${verb} ON price_versions BEGIN SELECT RAISE(ABORT, 'a price version is immutable: make another'); END`,
);

/** Keys that had every scope there was, as an operator's has, have the new one too: they could make no key of a role otherwise. All others stay as they are. */
const FORMER_SCOPES = '"inference","models.read","models.write","deployments.read","deployments.write","keys","usage","members","orgs","metrics","operator"';
const OPERATORS = `UPDATE keys SET scopes = '[${FORMER_SCOPES.replace('"usage"', '"usage","subscriptions"')}]' WHERE scopes = '[${FORMER_SCOPES}]'`;

export const market = inStatements([...TABLES, ...IMMUTABLE, OPERATORS]);
