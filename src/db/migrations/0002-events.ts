import { inStatements } from './statements.ts';

/** What happened to replicas, with its reason. `seq` is the order of writing. */
const STATEMENTS = [
  `CREATE TABLE events (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, org_id TEXT NOT NULL, deployment TEXT NOT NULL, revision TEXT NOT NULL,
     replica TEXT NOT NULL, node TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL)`,
  `CREATE INDEX events_by_deployment ON events (deployment, seq)`,
];

export const events = inStatements(STATEMENTS);
