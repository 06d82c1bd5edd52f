import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What happened to replicas, with its reason. `seq` is the order of writing. */
const STATEMENTS = [
  `CREATE TABLE events (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, org_id TEXT NOT NULL, deployment TEXT NOT NULL, revision TEXT NOT NULL,
     replica TEXT NOT NULL, node TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL)`,
  `CREATE INDEX events_by_deployment ON events (deployment, seq)`,
];

export const events: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
