import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sql } from 'kysely';
import { newId } from '../../src/base/ids.ts';
import { generateKey, hashKey } from '../../src/contract/key-format.ts';
import type { UsageRecord } from '../../src/contract/usage.ts';
import { shownPart } from '../../src/control-plane/identity/model.ts';
import { manifestDigest } from '../../src/control-plane/registry/model.ts';
import { Usage } from '../../src/control-plane/usage/index.ts';
import { insertJsonRows } from '../../src/db/json-rows.ts';
import { type Db, openDatabase, transact } from '../../src/db/open.ts';
import type { Schema } from '../../src/db/schema.ts';
import { batchOf } from '../../src/usage-log/record.ts';
import { echoManifest } from '../../tests/harness.ts';

/** What an installation has after a while. Deployments scale to zero. */
export interface Growth {
  readonly organisations: number;
  readonly keys: number;
  readonly models: number;
  readonly usageRows: number;
}

const ROWS_PER_STATEMENT = 10_000;
const DAY_MS = 86_400_000;
/** Usage is spread over so many days, up to yesterday. */
const DAYS = 60;

type Rows<Table extends keyof Schema> = Iterable<Readonly<Record<keyof Schema[Table] & string, string | number | null>>>;

/** Makes a database file of that size, unless it is there: the platform's own organisation comes with the first start. */
export async function ensureGrown(file: string, growth: Growth): Promise<void> {
  if (await stat(file).catch(() => undefined)) return;
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.unfinished`;
  for (const end of ['', '-wal', '-shm']) await rm(unfinished + end, { force: true });
  const db = await openDatabase(unfinished);
  try {
    await fill(db, growth);
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  } finally {
    await db.destroy();
  }
  for (const end of ['-wal', '-shm']) await rm(unfinished + end, { force: true });
  await rename(unfinished, file);
}

async function fill(db: Db, { organisations, keys, models, usageRows }: Growth): Promise<void> {
  const now = Date.now() - DAY_MS;
  const orgs = Array.from({ length: organisations }, (_, index) => ({ id: newId('org', now), name: `org-${index}` }));
  const orgOf = (index: number) => orgs[index % orgs.length] ?? { id: '', name: '' };
  const keyIds = Array.from({ length: keys }, () => newId('key', now));
  const deployed = Array.from({ length: models }, (_, index) => ({ name: `${orgOf(index).name}/model-${index}`, revision: newId('rev', now) }));
  await insert(
    db,
    'organisations',
    mapped(orgs, ({ id, name }) => ({ id, name, created_at: now })),
  );
  await insert(
    db,
    'keys',
    mapped(keyIds, (id, index) => keyRow(id, orgOf(index).id, now)),
  );
  await insert(
    db,
    'models',
    mapped(deployed, ({ name }, index) => ({ name, org_id: orgOf(index).id, created_at: now })),
  );
  await insert(
    db,
    'model_versions',
    mapped(deployed, ({ name }) => ({ model: name, number: 1, ...manifestOf(name), created_at: now })),
  );
  await insert(
    db,
    'deployments',
    mapped(deployed, ({ name }, index) => ({ name, org_id: orgOf(index).id, model: name, created_at: now, updated_at: now, fallback: null, hedge: 0, strict: 0 })),
  );
  const resources = JSON.stringify({ replicasMin: 0, replicasMax: 1, threads: 1, priority: 0, idleSeconds: 300 });
  await insert(
    db,
    'revisions',
    mapped(deployed, ({ name, revision }) => ({
      id: revision,
      deployment: name,
      model: name,
      version: 1,
      digest: manifestOf(name).digest,
      resources,
      weight: 100,
      created_at: now,
    })),
  );
  const usage = new Usage(db);
  for (let from = 0; from < usageRows; from += ROWS_PER_STATEMENT) {
    const parts = Array.from({ length: Math.min(ROWS_PER_STATEMENT, usageRows - from) }, (_, offset) => {
      const index = from + offset;
      const at = now - DAYS * DAY_MS + Math.floor((index / usageRows) * DAYS * DAY_MS);
      const { name = '', revision = '' } = deployed[index % deployed.length] ?? {};
      return recordOf({ at, orgId: orgOf(index).id, keyId: keyIds[index % keyIds.length] ?? '', name, revision });
    });
    await usage.post(batchOf(parts).rows);
  }
}

function keyRow(id: string, orgId: string, now: number) {
  const key = generateKey();
  const limits = JSON.stringify({ requestsPerMinute: 600 });
  const open = { allowed_models: null, expires_at: null, revoked_at: null, replaced_by: null };
  return { id, org_id: orgId, name: id, hash: hashKey(key), ...shownPart(key), scopes: '["inference","usage"]', limits, created_at: now, ...open };
}

function manifestOf(name: string): { readonly manifest: string; readonly digest: string } {
  const manifest = { ...echoManifest(), card: `The model ${name}.` };
  return { manifest: JSON.stringify(manifest), digest: manifestDigest(manifest) };
}

function recordOf({
  at,
  orgId,
  keyId,
  name,
  revision,
}: {
  readonly at: number;
  readonly orgId: string;
  readonly keyId: string;
  readonly name: string;
  readonly revision: string;
}): UsageRecord {
  return {
    requestId: newId('req', at),
    startedAt: at,
    orgId,
    keyId,
    deployment: name,
    revision,
    model: name,
    version: 1,
    operation: 'chat',
    status: 'ok',
    httpStatus: 200,
    promptTokens: 24,
    cachedTokens: 0,
    completionTokens: 64,
    rows: 0,
    requestBytes: 306,
    responseBytes: 661,
    estimated: false,
    attempts: 1,
    durationMs: 412.318,
    stages: { authenticate: 0.021, decode: 0.094, admit: 0.112, queue: 0.131, first_byte: 12.204, total: 412.318 },
    subscription: '',
    priceVersion: '',
    lease: '',
  };
}

function* mapped<T, U>(all: readonly T[], of: (one: T, index: number) => U): Generator<U> {
  for (const [index, one] of all.entries()) yield of(one, index);
}

/** Columns of a row are its fields, by the same names. */
async function insert<Table extends keyof Schema>(db: Db, table: Table, rows: Rows<Table>): Promise<void> {
  const all = [...rows];
  const fields = Object.keys(all[0] ?? {});
  const columns = Object.fromEntries(fields.map((field) => [field, field])) as Record<keyof Schema[Table] & string, string>;
  for (let from = 0; from < all.length; from += ROWS_PER_STATEMENT) {
    const values = all.slice(from, from + ROWS_PER_STATEMENT).map((row) => Object.values(row));
    await transact(db, (tx) => insertJsonRows(tx, { table, key: undefined, columns }, { fields, json: JSON.stringify(values) }));
  }
}
