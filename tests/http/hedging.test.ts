import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { usageOf } from './support.ts';

const FAST_CALLS = 200;
const SLOW_CALLS = 40;

let modelyard: Harness;
let calls = 0;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.deployEcho('echo', { slots: 4 });
  await modelyard.call('/api/v1/deployments/echo', { method: 'PATCH', body: { replicas: 2 } });
});
afterAll(() => modelyard.stop());

async function ask(content: string): Promise<number> {
  calls++;
  const answer = await modelyard.call('/v1/chat/completions', { body: chatBody('echo', content) });
  await answer.text();
  return answer.status;
}
const hedge = (on: boolean) => modelyard.call('/api/v1/deployments/echo', { method: 'PATCH', body: { hedge: on } });
/** Attempts that the engines saw beyond the calls that were made. */
const extra = () => [...modelyard.launcher.calls.values()].reduce((sum, count) => sum + count, 0) - calls;

test('S11: off unless it is turned on; then slow calls are sent to a second engine too, at most one in twenty', async () => {
  const states = async () =>
    ((await (await modelyard.call('/api/v1/deployments/echo')).json()) as { revisions: { replicas: { state: string }[] }[] }).revisions[0]?.replicas.map(({ state }) => state);
  await expect.poll(states).toEqual(['ready', 'ready']);
  expect(await ask('[[delay-ms:300]] slow')).toBe(200);
  expect(extra()).toBe(0);
  await hedge(true);
  for (let call = 0; call < FAST_CALLS; call++) expect(await ask('fast')).toBe(200);
  for (let call = 0; call < SLOW_CALLS; call++) expect(await ask('[[delay-ms:60]] slow')).toBe(200);
  expect(extra()).toBeGreaterThan(0);
  expect(extra()).toBeLessThanOrEqual(1 + (FAST_CALLS + SLOW_CALLS) * 0.05);
  // One answer and one record each, whoever gave it.
  const rows = await usageOf(modelyard, 'echo', calls);
  expect(rows.every(({ status }) => status === 'ok')).toBe(true);
}, 30_000);

test('S11: a call whose engine is stuck is answered by the other, and the stuck one is cancelled', async () => {
  for (let call = 0; call < FAST_CALLS; call++) expect(await ask('fast')).toBe(200);
  // The first replica in the list is asked first where both are free.
  const [first = ''] = modelyard.launcher.calls.keys();
  modelyard.launcher.stuck.add(first);
  expect(await ask('patience')).toBe(200);
  modelyard.launcher.stuck.delete(first);
  await hedge(false);
  expect(await ask('as before')).toBe(200);
}, 30_000);
