import { inStatements } from './statements.ts';

/** Alert rules, the alerts that came of them, and what was sent of them. A webhook's secret is not here: it is made of the home's signing key and `secret_version`. */
const STATEMENTS = [
  `CREATE TABLE alert_rules (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, name TEXT NOT NULL, deployment TEXT, metric TEXT NOT NULL, quality_metric TEXT, burn_windows TEXT,
     comparison TEXT NOT NULL CHECK (comparison IN ('above', 'below')), threshold DOUBLE PRECISION NOT NULL, for_seconds INTEGER NOT NULL CHECK (for_seconds >= 0),
     severity TEXT NOT NULL, webhook_url TEXT, secret_version INTEGER NOT NULL, by_operator INTEGER NOT NULL, created_at BIGINT NOT NULL, UNIQUE (org_id, name))`,
  `CREATE TABLE alerts (id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, org_id TEXT NOT NULL, rule_name TEXT NOT NULL, deployment TEXT NOT NULL, severity TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')), value DOUBLE PRECISION NOT NULL, reason TEXT NOT NULL, pending_at BIGINT NOT NULL,
     fired_at BIGINT, resolved_at BIGINT)`,
  `CREATE INDEX alerts_by_org ON alerts (org_id, id)`,
  `CREATE TABLE webhook_deliveries (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, rule_id TEXT NOT NULL, alert_id TEXT NOT NULL, body TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')), attempts INTEGER NOT NULL, http_status INTEGER, problem TEXT NOT NULL,
     created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`,
  `CREATE INDEX webhook_deliveries_by_org ON webhook_deliveries (org_id, id)`,
  // What a deployment did from start on, for step_seconds: 60, or 3600 once the hour is over.
  `CREATE TABLE rollups (step_seconds INTEGER NOT NULL, start BIGINT NOT NULL, deployment TEXT NOT NULL, org_id TEXT NOT NULL, calls BIGINT NOT NULL, failed BIGINT NOT NULL,
     prompt_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL, duration TEXT NOT NULL, first_byte TEXT NOT NULL, waiting INTEGER NOT NULL,
     running INTEGER NOT NULL, replicas INTEGER NOT NULL, cpu_seconds DOUBLE PRECISION NOT NULL, memory_bytes BIGINT NOT NULL, restarts INTEGER NOT NULL,
     PRIMARY KEY (step_seconds, deployment, start))`,
  `CREATE TABLE slos (deployment TEXT PRIMARY KEY, org_id TEXT NOT NULL, availability DOUBLE PRECISION NOT NULL CHECK (availability > 0 AND availability < 1),
     latency_ms DOUBLE PRECISION, latency_share DOUBLE PRECISION CHECK (latency_share > 0 AND latency_share < 1), window_days INTEGER NOT NULL CHECK (window_days >= 1))`,
  `CREATE INDEX rollups_by_time ON rollups (step_seconds, start)`,
];

export const monitoring = inStatements(STATEMENTS);
