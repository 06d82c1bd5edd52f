import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CompiledQuery, type DatabaseConnection, type Dialect, type Driver, type QueryResult, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { Mutex } from '../base/mutex.ts';
import type { SqlResponse } from './sqlite-worker.ts';

/** Kysely's SQLite dialect over the database thread. One connection, so a transaction is alone while it lasts. */
export function sqliteDialect(file: string): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createDriver: () => new ThreadDriver(file),
  };
}

/** Migrations run in one transaction, so that of several processes that open a new file together one makes it. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

type Pending = { resolve(response: SqlResponse): void; reject(error: Error): void };

class ThreadConnection implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  /** Why the thread has ended: a query to it would never be answered. */
  #end: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (response: SqlResponse) => {
      this.#pending.get(response.id)?.resolve(response);
      this.#pending.delete(response.id);
      if (this.#pending.size === 0) worker.unref();
    });
    worker.on('error', (error: Error) => this.#failAll(error));
    worker.on('exit', () => this.#failAll(new Error('the database thread has ended')));
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#end) throw new Error('the database thread has ended', { cause: this.#end });
    const id = this.#nextId++;
    const answer = Promise.withResolvers<SqlResponse>();
    this.#pending.set(id, answer);
    this.#worker.ref();
    this.#worker.postMessage({ id, sql: query.sql, params: query.parameters.map(storable) });
    const response = await answer.promise;
    if ('error' in response) throw Object.assign(new Error(response.error.message), { code: response.error.code });
    return { rows: response.rows as R[], numAffectedRows: response.changes, insertId: response.lastId };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the SQLite thread does not stream; page the query instead');
  }

  #failAll(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** SQLite knows no booleans. */
function storable(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value;
}

class ThreadDriver implements Driver {
  readonly #file: string;
  readonly #turns = new Mutex();
  #worker: Worker | undefined;
  #connection: ThreadConnection | undefined;
  #release: (() => void) | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    this.#worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: { file: this.#file } });
    await once(this.#worker, 'online');
    this.#connection = new ThreadConnection(this.#worker);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#release = await this.#turns.acquire();
    if (!this.#connection) throw new Error('the database is not open');
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release?.();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
  }

  async destroy(): Promise<void> {
    await this.#worker?.terminate();
  }
}
