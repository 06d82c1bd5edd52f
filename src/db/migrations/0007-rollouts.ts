import { inStatements } from './statements.ts';

/** New revisions on their way to a deployment's traffic, and what becomes of calls that a deployment can't serve, or is slow to. */
const STATEMENTS = [
  `CREATE TABLE rollouts (id TEXT PRIMARY KEY, deployment TEXT NOT NULL, revision TEXT NOT NULL, previous TEXT NOT NULL, strategy TEXT NOT NULL,
     steps_done INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('running', 'done', 'rollback')), reason TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`,
  `ALTER TABLE deployments ADD COLUMN fallback TEXT`,
  `ALTER TABLE deployments ADD COLUMN hedge INTEGER NOT NULL DEFAULT 0`,
  `CREATE INDEX rollouts_by_deployment ON rollouts (deployment, created_at)`,
];

export const rollouts = inStatements(STATEMENTS);
