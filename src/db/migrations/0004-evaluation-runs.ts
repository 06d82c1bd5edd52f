import { inStatements } from './statements.ts';

/** Datasets by digest, the answers of runs under way, and of a report: the run that made it, and how each example did. */
const STATEMENTS = [
  `CREATE TABLE datasets (org_id TEXT NOT NULL, digest TEXT NOT NULL, format TEXT NOT NULL, content TEXT NOT NULL, examples INTEGER NOT NULL, bytes BIGINT NOT NULL,
     used_at BIGINT NOT NULL, PRIMARY KEY (org_id, digest))`,
  `CREATE TABLE evaluation_answers (run_id TEXT NOT NULL, example INTEGER NOT NULL, answer TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (run_id, example))`,
  `ALTER TABLE evaluations ADD COLUMN run_id TEXT`,
  `ALTER TABLE evaluations ADD COLUMN run TEXT`,
  `ALTER TABLE evaluations ADD COLUMN scores TEXT`,
  `CREATE UNIQUE INDEX evaluations_by_run ON evaluations (run_id)`,
];

export const evaluationRuns = inStatements(STATEMENTS);
