import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { usageOf } from './support.ts';

/** Servers that the operator's file names, in real processes. */
const SERVER = fileURLToPath(new URL('../fixtures/command-server.mjs', import.meta.url));
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness({
    file: {
      engines: {
        own: {
          command: [process.execPath, SERVER, '{host}', '{port}', '{token}'],
          dialect: 'openai',
          slots: 4,
          model: 'inner-{model}',
          environment: { EXTRA: '{threads}' },
          memoryMib: 64,
          silentSeconds: 10,
        },
        broken: { command: [process.execPath, '-e', 'console.error("no such model"); process.exit(3)'], dialect: 'openai' },
        missing: { command: ['/nowhere/server'], dialect: 'openai' },
      },
    },
  });
  await publish('lab', { command: 'own', task: 'chat', contextLength: 100 });
  await modelyard.call('/api/v1/deployments', { body: { model: 'lab' } });
  await ready('lab');
});
afterAll(() => modelyard.stop());

const publish = (name: string, engine: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  modelyard.call('/api/v1/models', { body: { name, files: [], engine, ...more } });
const ready = (name: string) => modelyard.running.control.deployments.ready(modelyard.running.operator, name);
const ask = (text: string) => modelyard.call('/v1/chat/completions', { body: chatBody('lab', text) });
const replica = () => Object.values(modelyard.running.control.deployments.get(modelyard.running.operator, 'lab').health)[0]?.replicas[0];
const isAlive = (pid: number) => {
  try {
    // Killed and not yet waited for, it is still listed.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
};
const lines = () => modelyard.running.control.deployments.logs(modelyard.running.operator, 'lab', 50).join('\n');
const grandchild = () => Number([...lines().matchAll(/its child is (\d+)/g)].at(-1)?.[1]);

test('X33: it is asked with the secret that it was given, sees nothing of our environment, and calls the model as its template says', async () => {
  const response = await ask('hello');
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  const seen = JSON.parse(choices[0]?.message.content ?? '') as { model: string; environment: string[]; cwd: string };
  expect(seen.model).toBe('inner-lab');
  expect(seen.environment).toContain('EXTRA');
  expect(seen.environment.filter((name) => /KEY|SECRET|TOKEN|MODELYARD|npm_/i.test(name))).toEqual([]);
  expect(seen.cwd).toContain('modelyard-engine-');
  expect((await usageOf(modelyard, 'lab', 1))[0]).toMatchObject({ promptTokens: 3, completionTokens: 2, estimated: false });
  const { address } = replica() ?? {};
  const { port } = new URL((address as { url: string }).url);
  expect((await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: 'POST', body: '{}' })).status).toBe(401);
});

test('one that is killed is started again, and what it had started is gone with it', async () => {
  const before = replica()?.id;
  const child = grandchild();
  expect(isAlive(child), lines()).toBe(true);
  expect((await ask('die')).status).toBe(502);
  await expect.poll(() => replica()?.state === 'ready' && replica()?.id !== before, { timeout: 15_000 }).toBe(true);
  await expect.poll(() => isAlive(child), { timeout: 5_000 }).toBe(false);
  expect((await ask('hello')).status).toBe(200);
});

test('S19: one that is silent for as long as its template says is ended and started again; its call is told so', { timeout: 60_000 }, async () => {
  const before = replica()?.id;
  const frozen = ask('freeze');
  await expect.poll(() => replica()?.state === 'ready' && replica()?.id !== before, { timeout: 40_000 }).toBe(true);
  expect((await frozen).status).toBe(502);
  expect(JSON.stringify(await (await modelyard.call('/api/v1/events?limit=50')).json())).toContain('/health was silent for 10 s');
  expect((await ask('hello')).status).toBe(200);
});

test.each([
  ['broken', 'exit code 3: no such model'],
  ['missing', '/nowhere/server'],
])('one that does not come up says why: %s', async (template, reason) => {
  await publish(template, { command: template, task: 'chat' });
  await modelyard.call('/api/v1/deployments', { body: { model: template } });
  await expect(ready(template)).rejects.toThrow(reason);
  await modelyard.call(`/api/v1/deployments/${template}`, { method: 'DELETE' });
});

test('the API names a template and never brings a command', async () => {
  for (const engine of [
    { command: 'none', task: 'chat' },
    { command: 'own', task: 'tensor' },
    { command: 'own', task: 'chat', argv: ['sh'] },
    { command: '../own', task: 'chat' },
  ])
    expect((await publish('odd', engine)).status, JSON.stringify(engine)).toBe(400);
});

test("X24: what a publisher calls the model is no option of the operator's command, and goes the one checked way", async () => {
  for (const model of ['--trust-remote-code', '-x', ' x', 'a\u0000b', 'é']) {
    const refused = await publish('odd', { command: 'own', task: 'chat', model });
    expect([refused.status, await refused.json()], model).toMatchObject([400, { error: { param: 'engine.model' } }]);
  }
  expect((await publish('odd', { command: 'own', task: 'chat' }, { engineOptions: { model: '--x' } })).status).toBe(400);
});

test('nothing is left of it when its deployment is taken away', async () => {
  const child = grandchild();
  const { pid } = replica() ?? {};
  expect((await modelyard.call('/api/v1/deployments/lab', { method: 'DELETE' })).status).toBe(204);
  await expect.poll(() => [isAlive(pid ?? 0), isAlive(child)], { timeout: 10_000 }).toEqual([false, false]);
});
