import { inStatements } from './statements.ts';

/** Deployments that refuse what OpenAI's own server ignores. */
const STATEMENT = `ALTER TABLE deployments ADD COLUMN strict INTEGER NOT NULL DEFAULT 0`;

export const strict = inStatements([STATEMENT]);
