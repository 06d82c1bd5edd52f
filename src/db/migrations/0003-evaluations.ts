import { inStatements } from './statements.ts';

/** Reports of how good a model's answers were. `digest` is of the report, `examples_digest` of what was measured. */
const STATEMENTS = [
  `CREATE TABLE evaluations (id TEXT PRIMARY KEY, org_id TEXT NOT NULL, model TEXT NOT NULL, task TEXT NOT NULL, digest TEXT NOT NULL, examples_digest TEXT NOT NULL,
     report TEXT NOT NULL, correct TEXT, created_at BIGINT NOT NULL)`,
  `CREATE INDEX evaluations_by_model ON evaluations (model, created_at)`,
];

export const evaluations = inStatements(STATEMENTS);
