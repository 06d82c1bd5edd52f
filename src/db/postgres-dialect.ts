import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import { Pool, type PoolClient, type QueryResult, types } from 'pg';
import { isAmount, plainNumber } from './columns.ts';

/** Connections of one server. */
const CONNECTIONS_MAX = 10;
/** Who waits longer for one gets an error. */
const CONNECT_MS_MAX = 10_000;
/** A transaction whose client says nothing for so long is given up, so that it does not hold others up for ever. */
const IDLE_IN_TRANSACTION_MS_MAX = 60_000;

const { BOOL, INT2, INT4, INT8, NUMERIC } = types.builtins;
/** Read as text, and made what SQLite would give by the column's name. */
const OURS = new Set<number>([BOOL, INT2, INT4, INT8, NUMERIC]);
const asText = (text: string) => text;
const parserOf = types.getTypeParser as (type: number, format?: 'text' | 'binary') => (value: string) => unknown;

/** Kysely's PostgreSQL dialect over a bounded pool. Rows look as they do from SQLite. */
export function postgresDialect(url: string): Dialect {
  return new PostgresDialect({ pool: async () => new PlainPool(url) });
}

class PlainPool implements PostgresPool {
  readonly options = {};
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool({
      connectionString: url,
      application_name: 'modelyard',
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
      types: { getTypeParser: (type: number, format?: 'text' | 'binary') => (OURS.has(type) && format !== 'binary' ? asText : parserOf(type, format)) },
    });
    // A connection that breaks while it is idle is replaced by the next query; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
    // One that breaks while it is lent and no query is under way tells nobody else; the next query on it rejects, and the pool drops it.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async connect(): Promise<PostgresPoolClient> {
    return new PlainClient(await this.#pool.connect().catch(away));
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

class PlainClient implements PostgresPoolClient {
  readonly #client: PoolClient;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: { read(rowsCount: number): Promise<R[]>; close(): Promise<void> }): never;
  query<R>(statement: unknown, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<R>> {
    if (typeof statement !== 'string') throw new Error('PostgreSQL is not streamed here; page the query instead');
    return this.#query(statement, parameters);
  }

  async #query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const result = await this.#client.query<Record<string, unknown>>(sql, parameters.map(storable)).catch(away);
    return { command: result.command as PostgresQueryResult<R>['command'], rowCount: result.rowCount ?? 0, rows: plainRows(result) as R[] };
  }

  release(destroy?: boolean): void {
    this.#client.release(destroy);
  }
}

/** The driver's own words for a server that is not there have no code. */
function away(error: Error & { code?: string }): never {
  error.code ??= 'DATABASE_AWAY';
  throw error;
}

/** As SQLite knows no booleans, no column is one; and PostgreSQL's text can't hold a NUL. */
function storable(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd');
  return value;
}

function plainRows({ rows, fields }: QueryResult<Record<string, unknown>>): Record<string, unknown>[] {
  const ours = fields.filter(({ dataTypeID }) => OURS.has(dataTypeID));
  if (ours.length === 0) return rows;
  for (const row of rows)
    for (const { name, dataTypeID } of ours) {
      const text = row[name];
      if (typeof text === 'string') row[name] = plainValue(name, dataTypeID, text);
    }
  return rows;
}

function plainValue(column: string, type: number, text: string): number | bigint {
  if (type === BOOL) return text === 't' ? 1 : 0;
  if (isAmount(column)) return BigInt(text);
  return text.includes('.') ? Number(text) : plainNumber(column, BigInt(text));
}
