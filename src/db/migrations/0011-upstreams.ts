import { inStatements } from './statements.ts';

/** Servers of other people that operators have named. A credential is stored sealed. */
const STATEMENT = `CREATE TABLE upstreams (name TEXT PRIMARY KEY, url TEXT NOT NULL, dialect TEXT NOT NULL, slots INTEGER NOT NULL CHECK (slots > 0),
  takes_binary INTEGER NOT NULL, sealed TEXT, hint TEXT NOT NULL, created_at BIGINT NOT NULL)`;

export const upstreams = inStatements([STATEMENT]);
