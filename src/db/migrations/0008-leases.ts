import { inStatements } from './statements.ts';

/** Who leads, of those that share this database. An epoch is never given twice. */
const STATEMENT = `CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch INTEGER NOT NULL, expires_at BIGINT NOT NULL)`;

export const leases = inStatements([STATEMENT]);
