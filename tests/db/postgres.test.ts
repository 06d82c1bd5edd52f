import { expect, test } from 'vitest';
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
