import { expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { openDatabase } from '../../src/db/open.ts';
import { makeHome } from './made-home.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const EXAMPLES = 400;
const KILLS = 3;
const CONCURRENCY = 4;
const KILL_AFTER_MS = 600;

interface View {
  readonly job: { readonly state: string };
  readonly ended: number;
  readonly evaluation: string | null;
}

test(`kill -9 ${KILLS} times in an evaluation of ${EXAMPLES} examples: it goes on, and only calls that were under way are made again`, { timeout: 180_000 }, async () => {
  using made = await makeHome((modelyard) => modelyard.deployEcho('echo', { slots: 8, delayMs: 3 }));
  const { home, key, port } = made;
  const { database } = homeFolder(home);
  const call = async (server: ServerProcess, path: string, body?: unknown, type = 'application/json') => {
    const response = await fetch(server.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': type }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return (await response.json()) as never;
  };
  let server = await startServer(home, port, key);
  const rows = Array.from({ length: EXAMPLES }, (_, index) => JSON.stringify({ prompt: `one two three ${index}`, reference: `one two three ${index}` }));
  const { digest } = (await call(server, '/api/v1/datasets?format=jsonl', rows.join('\n'), 'application/octet-stream')) as { digest: string };
  const { id } = (await call(server, '/api/v1/evaluations/runs', { deployment: 'echo', dataset: digest, task: 'generation', concurrency: CONCURRENCY })) as { id: string };
  const view = () => call(server, `/api/v1/evaluations/runs/${id}`) as Promise<View>;
  const seen: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS));
    seen.push((await view()).ended);
    await server.kill('SIGKILL');
    server = await startServer(home, port, key);
  }
  while ((await view()).job.state === 'running') await new Promise((resolve) => setTimeout(resolve, 50));
  const { evaluation } = await view();
  const report = (await call(server, `/api/v1/evaluations/${evaluation}`)) as { metrics: { exact_match: { value: number } }; run: { failed: { count: number } } };
  expect([report.metrics.exact_match.value, report.run.failed.count]).toEqual([1, 0]);
  expect(await server.kill('SIGTERM')).toBe(0);
  const db = await openDatabase(database);
  const { calls } = await db
    .selectFrom('usage')
    .select((of) => of.fn.countAll<number>().as('calls'))
    .executeTakeFirstOrThrow();
  const { left } = await db
    .selectFrom('evaluation_answers')
    .select((of) => of.fn.countAll<number>().as('left'))
    .executeTakeFirstOrThrow();
  await db.destroy();
  process.stdout.write(`kills ${KILLS} at ${seen.join(', ')} of ${EXAMPLES} examples: ${calls} calls recorded, ${calls - EXAMPLES} made again\n`);
  expect(seen.some((ended) => ended > 0 && ended < EXAMPLES)).toBe(true);
  expect(calls).toBeGreaterThanOrEqual(EXAMPLES);
  expect(calls - EXAMPLES).toBeLessThanOrEqual(KILLS * CONCURRENCY);
  expect(left).toBe(0);
});
