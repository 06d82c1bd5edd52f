import { inStatements } from './statements.ts';

/** The audit log: never changed; removed only what is in an archive, as the head says. */
const TABLES = [
  `CREATE TABLE audit_entries (seq INTEGER PRIMARY KEY, at BIGINT NOT NULL, org_id TEXT NOT NULL, key_id TEXT NOT NULL, operation TEXT NOT NULL, object TEXT NOT NULL,
     address TEXT NOT NULL, request_id TEXT NOT NULL, outcome INTEGER NOT NULL, hash TEXT NOT NULL)`,
  `CREATE INDEX audit_entries_by_org ON audit_entries (org_id, seq)`,
  `CREATE TABLE audit_head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, archived_seq INTEGER NOT NULL, archived_hash TEXT NOT NULL,
     signer TEXT NOT NULL, signature TEXT NOT NULL)`,
  `INSERT INTO audit_head (id, seq, hash, archived_seq, archived_hash, signer, signature) VALUES (1, 0, '${'0'.repeat(64)}', 0, '${'0'.repeat(64)}', '', '')`,
  `CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'the audit log is immutable'); END`,
  `CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries WHEN OLD.seq > (SELECT archived_seq FROM audit_head) BEGIN SELECT RAISE(ABORT, 'an entry of the audit log leaves only once it is archived'); END`,
];

export const audit = inStatements(TABLES);
