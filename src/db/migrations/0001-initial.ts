import { inStatements } from './statements.ts';

/** The tables of the first version. PostgreSQL gets all such statements translated (statements.ts). */
const STATEMENTS = [
  `CREATE TABLE organisations (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at BIGINT NOT NULL)`,
  `CREATE TABLE members (id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organisations(id), name TEXT NOT NULL,
     role TEXT NOT NULL CHECK (role IN ('operator', 'publisher', 'consumer')), created_at BIGINT NOT NULL, UNIQUE (org_id, name))`,
  `CREATE TABLE keys (id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organisations(id), name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
     prefix TEXT NOT NULL, last4 TEXT NOT NULL, scopes TEXT NOT NULL, allowed_models TEXT, limits TEXT NOT NULL, created_at BIGINT NOT NULL,
     expires_at BIGINT, revoked_at BIGINT, replaced_by TEXT)`,
  `CREATE INDEX keys_by_org ON keys (org_id, created_at)`,
  `CREATE TABLE blob_holders (org_id TEXT NOT NULL REFERENCES organisations(id), digest TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (org_id, digest))`,
  `CREATE TABLE models (name TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organisations(id), created_at BIGINT NOT NULL)`,
  `CREATE TABLE model_versions (model TEXT NOT NULL REFERENCES models(name), number INTEGER NOT NULL CHECK (number >= 1), digest TEXT NOT NULL,
     manifest TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (model, number), UNIQUE (model, digest))`,
  `CREATE TABLE labels (model TEXT NOT NULL, label TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (model, label),
     FOREIGN KEY (model, version) REFERENCES model_versions(model, number))`,
  `CREATE TABLE deployments (name TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organisations(id), model TEXT NOT NULL,
     created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`,
  `CREATE TABLE revisions (id TEXT PRIMARY KEY, deployment TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL,
     resources TEXT NOT NULL, weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 100), created_at BIGINT NOT NULL)`,
  `CREATE INDEX revisions_by_deployment ON revisions (deployment, created_at)`,
  `CREATE TABLE usage (request_id TEXT PRIMARY KEY, started_at BIGINT NOT NULL, org_id TEXT NOT NULL, key_id TEXT NOT NULL, deployment TEXT NOT NULL,
     revision TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, operation TEXT NOT NULL, status TEXT NOT NULL, http_status INTEGER NOT NULL,
     prompt_tokens BIGINT NOT NULL CHECK (prompt_tokens >= 0), cached_tokens BIGINT NOT NULL CHECK (cached_tokens >= 0),
     completion_tokens BIGINT NOT NULL CHECK (completion_tokens >= 0), tensor_rows BIGINT NOT NULL CHECK (tensor_rows >= 0),
     request_bytes BIGINT NOT NULL, response_bytes BIGINT NOT NULL, estimated INTEGER NOT NULL, attempts INTEGER NOT NULL,
     duration_ms DOUBLE PRECISION NOT NULL, stages TEXT NOT NULL)`,
  `CREATE INDEX usage_by_org ON usage (org_id, started_at)`,
  `CREATE INDEX usage_by_time ON usage (started_at)`,
  `CREATE TABLE jobs (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, input TEXT NOT NULL, progress TEXT NOT NULL,
     result TEXT, error TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`,
  `CREATE INDEX jobs_by_org ON jobs (org_id, created_at)`,
];

export const initial = inStatements(STATEMENTS);
