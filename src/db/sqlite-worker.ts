import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { isAmount, plainNumber } from './columns.ts';

/**
 * The thread that owns the SQLite file, so that no query ever runs on the thread that serves inference.
 * One request at a time, answered in order.
 */
export interface SqlRequest {
  readonly id: number;
  readonly sql: string;
  readonly params: readonly SQLInputValue[];
}

export type SqlResponse =
  | { readonly id: number; readonly rows: Record<string, unknown>[]; readonly changes: bigint; readonly lastId: bigint }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string } };

/** Prepared statements that are kept; more than this and the oldest goes. */
const STATEMENTS_MAX = 500;

/** Calls are answered before rows are written when there is not time for both. */
const NICE = 10;

function serve(file: string): void {
  // On Linux, 0 is the thread that asks; elsewhere it would be the whole process.
  if (process.platform === 'linux') setPriority(0, NICE);
  const db = new DatabaseSync(file, { timeout: 5_000 });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  const statements = new Map<string, StatementSync>();

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    const statement = db.prepare(sql);
    statement.setReadBigInts(true);
    if (statements.size >= STATEMENTS_MAX) statements.delete(statements.keys().next().value ?? '');
    statements.set(sql, statement);
    return statement;
  };

  const run = ({ id, sql, params }: SqlRequest): SqlResponse => {
    const statement = prepare(sql);
    if (statement.columns().length > 0) {
      return { id, rows: statement.all(...params).map(plainNumbers), changes: 0n, lastId: 0n };
    }
    const { changes, lastInsertRowid } = statement.run(...params);
    return { id, rows: [], changes: BigInt(changes), lastId: BigInt(lastInsertRowid) };
  };

  parentPort?.on('message', (request: SqlRequest) => {
    try {
      parentPort?.postMessage(run(request));
    } catch (error) {
      const { message, errcode } = error as Error & { errcode?: number };
      parentPort?.postMessage({ id: request.id, error: { message, code: `SQLITE_${errcode ?? 'ERROR'}` } });
    }
  });
}

function plainNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && !isAmount(column)) row[column] = plainNumber(column, value);
  }
  return row;
}

if (parentPort) serve((workerData as { file: string }).file);
