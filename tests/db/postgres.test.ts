import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { insertJsonRows } from '../../src/db/json-rows.ts';
import { transact } from '../../src/db/open.ts';
import { openPostgres } from '../databases.ts';
import { chatBody, echoManifest, startHarness } from '../harness.ts';

const PUBLISHED = 8;

test('the whole product serves on PostgreSQL: calls, usage by every grouping, history, costs; publications that come at once get a number each', async () => {
  await using database = await openPostgres();
  await using modelyard = await startHarness({ database: database.target });
  const { control, operator } = modelyard.running;
  await modelyard.deployEcho('echo');
  for (let call = 0; call < 3; call++) expect((await modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'a b c') })).status).toBe(200);
  await expect.poll(async () => (await database.db.selectFrom('usage').selectAll().execute()).length, { timeout: 10_000 }).toBe(3);
  const get = async (path: string) => {
    const response = await modelyard.call(path);
    expect(response.status, path).toBe(200);
    return response.json() as Promise<{ data: Record<string, unknown>[] }>;
  };
  const today = new Date().toISOString().slice(0, 10);
  for (const [by, group] of Object.entries({ model: 'echo', operation: 'chat', day: today })) {
    const { data } = await get(`/api/v1/usage?by=${by}`);
    expect(data, by).toMatchObject([{ group, calls: 3, failed: 0 }]);
  }
  const published = await Promise.all(Array.from({ length: PUBLISHED }, (_, index) => control.registry.publishManifest(operator, 'many', echoManifest({ slots: index + 1 }))));
  expect(published.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: PUBLISHED }, (_, index) => index + 1));
  for (const path of ['/api/v1/models', '/api/v1/deployments', '/api/v1/keys', '/api/v1/costs', '/api/v1/events', '/api/v1/alerts', '/api/v1/wallet', '/api/v1/ledger/check'])
    await get(path);
});

test('what its text can not hold, a NUL or half a surrogate pair, stops neither a row nor a batch', async () => {
  await using database = await openPostgres();
  const { db } = database;
  const texts = ['a\0b', '\\u0000', 'c\ud800d', '\\\\\ud83d'];
  await db
    .insertInto('organisations')
    .values({ id: 'org', name: texts[0] ?? '', created_at: 1 })
    .execute();
  const columns = { hash: 'hash', version: 'version', entry: 'entry' } as const;
  const json = JSON.stringify(texts.map((text, version) => [String(version), version, text]));
  await transact(db, (tx) => insertJsonRows(tx, { table: 'callers_feed', key: 'hash', columns }, { fields: ['hash', 'version', 'entry'], json }));
  const stored = ['a\ufffdb', '\\u0000', 'c\ufffdd', '\\\\\ufffd'];
  expect((await db.selectFrom('organisations').select('name').execute()).map(({ name }) => name)).toEqual(stored.slice(0, 1));
  expect((await db.selectFrom('callers_feed').select('entry').orderBy('version').execute()).map(({ entry }) => entry)).toEqual(stored);
});

test('two transactions that lock each other out: the one that is ended for it runs again', async () => {
  await using database = await openPostgres();
  const { db } = database;
  await db
    .insertInto('leases')
    .values(['a', 'b'].map((name) => ({ name, holder: '', epoch: 0, expires_at: 0 })))
    .execute();
  const both = Promise.withResolvers<void>();
  let holding = 0;
  let runs = 0;
  const cross = (first: string, second: string) =>
    transact(db, async (tx) => {
      runs++;
      const raise = (name: string) =>
        tx
          .updateTable('leases')
          .set({ epoch: sql<number>`epoch + 1` })
          .where('name', '=', name)
          .execute();
      await raise(first);
      if (++holding === 2) both.resolve();
      await both.promise;
      await raise(second);
    });
  await Promise.all([cross('a', 'b'), cross('b', 'a')]);
  expect(runs).toBe(3);
  expect((await db.selectFrom('leases').select('epoch').execute()).map(({ epoch }) => epoch)).toEqual([2, 2]);
});

test('rows that are emptied at once are refused where a row may not go', async () => {
  await using database = await openPostgres();
  for (const table of ['ledger_entries', 'ledger_transactions', 'price_versions'])
    await expect(sql`TRUNCATE ${sql.table(table)} CASCADE`.execute(database.db)).rejects.toThrow('immutable');
});
