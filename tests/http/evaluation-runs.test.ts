import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';
import { pause, usageOf } from './support.ts';

interface Ordered {
  readonly result?: unknown;
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
  readonly errorCode: string | null;
}
interface View {
  readonly job: Ordered;
  readonly examples: number;
  readonly ended: number;
  readonly failed: number;
  readonly evaluation: string | null;
}
interface Report {
  readonly id: string;
  readonly model: string;
  readonly examples: number;
  readonly digest: string;
  readonly metrics: Record<string, { value?: number; version: number; interval?: { low: number; high: number } }>;
  readonly run: {
    readonly dataset: { digest: string; examples: number };
    readonly settings: Record<string, unknown>;
    readonly versions: { model: string; version: number; digest: string }[];
    readonly revisions: { id: string; answers: number }[];
    readonly failed: { count: number; listed: { line: number; code: string; message: string }[] };
    readonly tokens: { prompt: number; completion: number };
    readonly latencyMs: { p50: number; p99: number };
  };
}
interface Refusal {
  readonly error: { code: string; message: string };
}

const POLLS_MAX = 500;

async function send(on: Harness, text: string, format = 'jsonl', key?: string): Promise<Response> {
  return on.call(`/api/v1/datasets?format=${format}`, { body: Buffer.from(text), headers: { 'content-type': 'application/octet-stream' }, ...(key !== undefined && { key }) });
}
const digestOf = async (on: Harness, text: string, format?: string): Promise<string> => ((await (await send(on, text, format)).json()) as { digest: string }).digest;
const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const order = (on: Harness, body: unknown): Promise<Response> => on.call('/api/v1/evaluations/runs', { body });
const view = async (on: Harness, job: string): Promise<View> => (await (await on.call(`/api/v1/evaluations/runs/${job}`)).json()) as View;
const report = async (on: Harness, id: string | null): Promise<Report> => (await (await on.call(`/api/v1/evaluations/${id}`)).json()) as Report;
const refusal = async (response: Response): Promise<Refusal['error']> => ((await response.json()) as Refusal).error;

async function ended(on: Harness, job: string): Promise<View> {
  for (let poll = 0; ; poll++) {
    const now = await view(on, job);
    if (now.job.state !== 'running') return now;
    if (poll > POLLS_MAX) throw new Error(`the run does not end: ${JSON.stringify(now)}`);
    await pause(20);
  }
}

/** Orders a run and waits for its report. */
async function evaluated(on: Harness, body: Record<string, unknown>): Promise<Report> {
  const ordered = (await (await order(on, body)).json()) as Ordered & Refusal;
  if (ordered.error) throw new Error(JSON.stringify(ordered));
  const end = await ended(on, ordered.id);
  if (end.job.state !== 'done') throw new Error(JSON.stringify(end));
  return report(on, end.evaluation);
}

let modelyard: Harness;
beforeEach(async () => {
  modelyard = await startHarness();
});
afterEach(() => modelyard.stop());

test('Q6: a dataset runs through a deployment into a report that pins dataset, template, versions and seed; a second run has the same digest', async () => {
  await modelyard.deployEcho('chat');
  const dataset = await digestOf(
    modelyard,
    lines([
      { q: 'the sky', references: ['say the sky', 'something else'] },
      { q: 'grass', references: ['say grass'] },
      { q: 'snow', references: ['say something else'] },
    ]),
  );
  const body = { deployment: 'chat', dataset, task: 'generation', template: 'say {{ q }}', seed: 7 };
  const first = await evaluated(modelyard, body);
  expect(first.metrics['exact_match']?.value).toBeCloseTo(2 / 3, 12);
  expect(first).toMatchObject({ model: 'chat:1', run: { dataset: { digest: dataset, examples: 3 }, settings: { template: 'say {{ q }}', seed: 7 }, failed: { count: 0 } } });
  expect(first.run.versions).toMatchObject([{ model: 'chat', version: 1 }]);
  expect(first.run.versions[0]?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(first.run.revisions).toMatchObject([{ answers: 3 }]);
  expect(first.run.tokens.completion).toBe(3 + 2 + 2);
  const again = await evaluated(modelyard, body);
  expect([again.digest, again.id === first.id]).toEqual([first.digest, false]);
  expect((await evaluated(modelyard, { ...body, seed: 8 })).digest).not.toBe(first.digest);
  expect((await evaluated(modelyard, { ...body, template: 'say  {{q}}' })).digest).not.toBe(first.digest);
  // Twelve calls by the key that ordered, as any other call.
  expect((await usageOf(modelyard, 'chat', 12)).every(({ operation, status }) => operation === 'chat' && status === 'ok')).toBe(true);
});

test('a restart goes on where the run was: no example is called twice', async () => {
  const home = mkdtempSync(join(tmpdir(), 'my-eval-'));
  const database = join(home, 'modelyard.db');
  const EXAMPLES = 60;
  const before = await startHarness({ home, database });
  await before.deployEcho('slow', { delayMs: 15, slots: 2 });
  const dataset = await digestOf(before, lines(Array.from({ length: EXAMPLES }, (_, index) => ({ prompt: `example ${index} of many`, reference: `example ${index} of many` }))));
  const { id } = (await (await order(before, { deployment: 'slow', dataset, task: 'generation' })).json()) as Ordered;
  while ((await view(before, id)).ended < 8) await pause(10);
  await before.stop();
  await using after = await startHarness({ home, database });
  const known = { ...after, call: (path: string, options = {}) => after.call(path, { key: before.key, ...options }) };
  const resumed = await view(known, id);
  expect(resumed.job.state).toBe('running');
  expect(resumed.ended).toBeGreaterThanOrEqual(8);
  expect(resumed.ended).toBeLessThan(EXAMPLES);
  const end = await ended(known, id);
  expect(end).toMatchObject({ job: { state: 'done', result: { evaluation: end.evaluation } }, examples: EXAMPLES, failed: 0 });
  expect((await report(known, end.evaluation)).metrics['exact_match']?.value).toBe(1);
  // A usage row for each call that was made, in both processes.
  await usageOf(known, 'slow', EXAMPLES);
  await pause(300);
  const rows = await usageOf(known, 'slow', EXAMPLES);
  expect(rows.filter(({ status }) => status === 'ok')).toHaveLength(EXAMPLES);
  await after.stop();
  rmSync(home, { recursive: true, force: true });
});

test('examples that fail are counted and listed with their line; above the bound the run fails, and goes on with what it has', async () => {
  await modelyard.deployEcho('chat');
  const rows = Array.from({ length: 10 }, (_, index) => ({ prompt: index === 3 ? 'no [[error:400]]' : `yes ${index}`, reference: `yes ${index}` }));
  const dataset = await digestOf(modelyard, `\n${lines(rows)}`);
  const body = { deployment: 'chat', dataset, task: 'generation' };
  const made = await evaluated(modelyard, { ...body, maxFailures: 0.1 });
  expect(made.run.failed).toMatchObject({ count: 1, listed: [{ line: 5, code: 'scripted_error' }] });
  expect(made.metrics['exact_match']?.value).toBe(1);
  const strict = (await (await order(modelyard, { ...body, maxFailures: 0, concurrency: 1 })).json()) as Ordered;
  const end = await ended(modelyard, strict.id);
  expect(end).toMatchObject({ job: { state: 'failed', errorCode: 'too_many_failures' }, ended: 4, failed: 1, evaluation: null });
  const resumed = (await (await modelyard.call(`/api/v1/evaluations/runs/${strict.id}/resume`, { method: 'POST' })).json()) as Ordered;
  expect(await ended(modelyard, resumed.id)).toMatchObject({ job: { state: 'failed' }, ended: 4, failed: 1 });
  // 10 calls, then 4, then the failed one again: what had an answer was not asked again.
  await usageOf(modelyard, 'chat', 15);
  expect(
    (await modelyard.call(`/api/v1/evaluations/runs/${resumed.id}/resume`, { method: 'POST', key: (await modelyard.makeKey({ name: 'reader', scopes: ['models.read'] })).key }))
      .status,
  ).toBe(403);
});

test('what is wrong with a dataset is said with its line, before any call', async () => {
  await modelyard.deployEcho('chat');
  const bad = async (text: string, format: string) => (await refusal(await send(modelyard, text, format))).message;
  expect(await bad('prompt,reference\na,b\n"c,d\n', 'csv')).toBe('Line 3 of the dataset: a quoted field begins here and is never closed.');
  expect(await bad('prompt,reference\n"a\nb",c\nd\n', 'csv')).toBe('Line 4 of the dataset: it has 1 fields; the header names 2.');
  expect(await bad('a,b,a\n1,2,3', 'csv')).toBe('Line 1 of the dataset: the header names the field "a" twice.');
  expect(await bad('{"a":1}\n{"a":', 'jsonl')).toMatch(/^Line 2 of the dataset: it is not valid JSON/);
  expect(await bad('[1]', 'jsonl')).toMatch(/^Line 1 of the dataset: each line must be a JSON object/);
  expect(await bad('\n', 'jsonl')).toBe('The dataset has no examples.');
  const dataset = await digestOf(modelyard, 'prompt,reference\na,b\nc,\n', 'csv');
  const refused = async (body: Record<string, unknown>) => (await refusal(await order(modelyard, { deployment: 'chat', dataset, task: 'generation', ...body }))).message;
  expect(await refused({ template: '{{question}}' })).toBe('Line 2 of the dataset: it has no field "question"; it has "prompt", "reference".');
  expect(await refused({ task: 'embedding' })).toContain('it can be evaluated on classification or generation, not on embedding');
  expect(await refused({ deployment: 'nobody' })).toContain('"nobody" does not exist');
  expect(await refused({ dataset: `sha256:${'0'.repeat(64)}` })).toContain('is not here');
  expect(await usageOf(modelyard, 'chat', 0)).toEqual([]);
});

test('a classification by scores, against names of classes; two versions are compared, and a gate is held against the newest report of a version', async () => {
  const signature = { inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 3] }], outputs: [{ name: 'p', datatype: 'FP32' as const, shape: [-1, 3] }] };
  await modelyard.deployEcho('iris', { task: 'tensor', signature });
  // The echo answers with its input: the columns are the scores.
  const dataset = await digestOf(modelyard, 'a,b,c,label\n0.8,0.1,0.1,rose\n0.1,0.8,0.1,tulip\n0.2,0.3,0.5,lily\n0.6,0.3,0.1,tulip\n', 'csv');
  const body = { deployment: 'iris', dataset, task: 'classification' };
  const good = await evaluated(modelyard, { ...body, classes: ['rose', 'tulip', 'lily'] });
  expect(good.metrics['accuracy']?.value).toBe(0.75);
  expect(good.metrics['log_loss']?.value).toBeCloseTo(-(Math.log(0.8) + Math.log(0.8) + Math.log(0.5) + Math.log(0.3)) / 4, 6);
  const bad = await evaluated(modelyard, { ...body, classes: ['tulip', 'lily', 'rose'] });
  expect(bad.metrics['accuracy']?.value).toBe(0.25);
  const compared = await (await modelyard.call(`/api/v1/evaluations/${good.id}/compare?with=${bad.id}`)).json();
  expect(compared).toMatchObject({ test: 'mcnemar', pairs: 4, leftOut: 0, onlyFirst: 3, onlySecond: 1, difference: 0.5, p: 0.625 });
  const gate = async (id: string, conditions: string[]) =>
    (await (await modelyard.call(`/api/v1/evaluations/${id}/gate`, { body: { conditions } })).json()) as { met: boolean; reason: string };
  expect(await gate(good.id, ['accuracy>=0.75', 'failed<=0'])).toMatchObject({ met: true });
  expect(await gate(good.id, ['accuracy>0.75'])).toMatchObject({ met: false, reason: `${good.id}: accuracy>0.75 is not met, it is 0.75.` });
  expect(await gate(good.id, ['spearman>0'])).toMatchObject({ met: false, reason: `${good.id}: spearman>0 can't be judged, it was not measured.` });

  const { evaluation } = modelyard.running.control;
  const { orgId } = modelyard.running.operator;
  const subject = { orgId, model: 'iris', version: 1 };
  expect(await evaluation.gateMet(subject, ['accuracy>=0.7'])).toMatchObject({ met: false, reportId: bad.id });
  expect(await evaluation.gateMet({ ...subject, reportId: good.id }, ['accuracy>=0.7'])).toMatchObject({ met: true, reportId: good.id });
  expect(await evaluation.gateMet({ ...subject, version: 2 }, ['accuracy>=0'])).toMatchObject({ met: false, reportId: undefined });
  expect(await evaluation.gateMet({ ...subject, version: 2, reportId: good.id }, ['accuracy>=0'])).toMatchObject({ met: false, reportId: undefined });
  expect(await evaluation.gateMet({ ...subject, versionDigest: 'sha256:other' }, ['accuracy>=0'])).toMatchObject({ met: false, reportId: undefined });
  await expect(evaluation.gateMet(subject, ['accuracy'])).rejects.toThrow('is not a condition');
  // What somebody says that a version answered opens no gate.
  await modelyard.call('/api/v1/evaluations', { body: { model: 'iris:1', examples: { task: 'classification', actual: ['a'], predicted: ['a'] } } });
  expect(await evaluation.gateMet(subject, ['accuracy>=0.7'])).toMatchObject({ met: false, reportId: bad.id });
});

test('a run calls as the key that ordered it: its organisation pays, its limits hold, and its end ends the run', async () => {
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  await modelyard.deployEcho('acme/chat', { delayMs: 20 });
  const owner = await modelyard.makeKey({ name: 'theirs', org: 'acme', scopes: ['inference', 'models.read', 'models.write'], limits: { concurrency: 1 } });
  const theirs: Harness = { ...modelyard, call: (path, options = {}) => modelyard.call(path, { key: owner.key, ...options }) };
  const text = lines(Array.from({ length: 6 }, (_, index) => ({ prompt: `one two ${index}`, reference: 'x' })));
  const dataset = await digestOf(theirs, text);
  const made = await evaluated(theirs, { deployment: 'acme/chat', dataset, task: 'generation', concurrency: 3 });
  expect(made.run.failed.count).toBe(0);
  expect((await modelyard.call(`/api/v1/evaluations/${made.id}`)).status).toBe(200);
  const { data } = (await (await modelyard.call('/api/v1/usage/calls?all=true')).json()) as { data: { orgId?: string; keyId: string; deployment: string }[] };
  const calls = data.filter(({ deployment }) => deployment === 'acme/chat');
  expect([calls.length, new Set(calls.map(({ keyId }) => keyId))]).toEqual([6, new Set([owner.id])]);
  // Another organisation has neither the dataset nor the run.
  expect((await refusal(await order(modelyard, { deployment: 'acme/chat', dataset, task: 'generation' }))).code).toBe('dataset_not_found');

  const long = await digestOf(theirs, lines(Array.from({ length: 300 }, (_, index) => ({ prompt: `a b c d e ${index}`, reference: 'x' }))));
  const { id } = (await (await order(theirs, { deployment: 'acme/chat', dataset: long, task: 'generation', concurrency: 1 })).json()) as Ordered;
  while ((await view(theirs, id)).ended < 2) await pause(10);
  expect((await modelyard.call(`/api/v1/keys/${owner.id}`, { method: 'DELETE' })).status).toBeLessThan(300);
  expect(await ended(modelyard, id)).toMatchObject({ job: { state: 'failed', errorCode: 'invalid_api_key' }, evaluation: null });
});

test('a run over a rollout says which versions answered; of a mixed report no gate is met, and a pinned version is measured alone', async () => {
  await modelyard.deployEcho('chat', { delayMs: 10, slots: 2 });
  const dataset = await digestOf(modelyard, lines(Array.from({ length: 60 }, (_, index) => ({ prompt: `one two ${index}`, reference: `one two ${index}` }))));
  const body = { deployment: 'chat', dataset, task: 'generation' };
  const { id } = (await (await order(modelyard, body)).json()) as Ordered;
  while ((await view(modelyard, id)).ended < 5) await pause(10);
  await modelyard.deployEcho('chat', { delayMs: 11, slots: 2 });
  const made = await report(modelyard, (await ended(modelyard, id)).evaluation);
  expect(made).toMatchObject({ model: 'chat:1 + chat:2', run: { failed: { count: 0 }, versions: [{ version: 1 }, { version: 2 }] } });
  expect(made.run.revisions.map(({ answers }) => answers).reduce((sum, answers) => sum + answers, 0)).toBe(60);
  const { evaluation } = modelyard.running.control;
  const subject = { orgId: modelyard.running.operator.orgId, model: 'chat', version: 2 };
  expect(await evaluation.gateMet(subject, ['exact_match>=1'])).toMatchObject({ met: false, reportId: undefined });
  const pinned = await evaluated(modelyard, { ...body, deployment: 'chat:2', limit: 5 });
  expect(pinned).toMatchObject({ model: 'chat:2', examples: 5 });
  expect(await evaluation.gateMet(subject, ['exact_match>=1'])).toMatchObject({ met: true, reportId: pinned.id });
  const rollOut = (model: string, gates: string[]) => modelyard.call('/api/v1/deployments/chat/rollouts', { body: { model, gates } });
  const refused = await rollOut('chat:1', ['exact_match>=1']);
  expect([refused.status, (await refusal(refused)).code]).toEqual([409, 'gate_not_met']);
  expect((await rollOut('chat:2', ['exact_match>1'])).status).toBe(409);
  expect((await rollOut('chat:2', ['exact_match'])).status).toBe(400);
  expect((await rollOut('chat:2', ['exact_match>=1'])).status).toBe(202);
});

test('a run is cancelled, and gone on with later', async () => {
  await modelyard.deployEcho('chat', { delayMs: 10, slots: 2 });
  const dataset = await digestOf(modelyard, lines(Array.from({ length: 40 }, (_, index) => ({ prompt: `one two ${index}`, reference: `one two ${index}` }))));
  const { id } = (await (await order(modelyard, { deployment: 'chat', dataset, task: 'generation', concurrency: 2 })).json()) as Ordered;
  while ((await view(modelyard, id)).ended < 3) await pause(10);
  const cancelled = await modelyard.call(`/api/v1/evaluations/runs/${id}/cancel`, { method: 'POST' });
  expect(await cancelled.json()).toMatchObject({ state: 'failed', errorCode: 'cancelled' });
  const calls = (await view(modelyard, id)).ended;
  expect(calls).toBeLessThan(40);
  await usageOf(modelyard, 'chat', calls);
  const both = await Promise.all([0, 1].map(() => modelyard.call(`/api/v1/evaluations/runs/${id}/resume`, { method: 'POST' })));
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
  const resumed = (await both.find(({ status }) => status === 202)?.json()) as Ordered;
  expect(await ended(modelyard, resumed.id)).toMatchObject({ job: { state: 'done' }, failed: 0 });
  await usageOf(modelyard, 'chat', 40);
});

test('a regression and a classification of texts: two runs are compared by the paired permutation test, what only one answered is left out', async () => {
  const signature = { inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 1] }], outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }] };
  await modelyard.deployEcho('same', { task: 'tensor', signature });
  // The echo predicts its input, which is off by 0.5 from the target.
  const table = ['x,target', ...Array.from({ length: 12 }, (_, index) => `${index},${index + 0.5}`)].join('\n');
  const made = await evaluated(modelyard, { deployment: 'same', dataset: await digestOf(modelyard, table, 'csv'), task: 'regression' });
  expect(made.metrics['mean_absolute_error']).toMatchObject({ value: 0.5, interval: { low: 0.5, high: 0.5 } });

  await modelyard.deployEcho('chat');
  const rows = ['great film', 'bad film', 'a great day', 'so bad', 'neither'].map((text, index) => ({
    text: index === 4 ? `${text} [[error:400]]` : text,
    label: index % 2 === 0 ? 'great' : 'bad',
  }));
  const dataset = await digestOf(modelyard, lines(rows));
  const chosen = await evaluated(modelyard, { deployment: 'chat', dataset, task: 'classification', maxFailures: 0.2 });
  expect(chosen.metrics['accuracy']?.value).toBe(1);
  expect(chosen.run.failed.listed).toMatchObject([{ line: 5 }]);

  const texts = await digestOf(
    modelyard,
    lines(Array.from({ length: 10 }, (_, index) => ({ prompt: `one two three ${index}`, reference: `one two three ${index}`, bad: index === 0 ? '[[error:400]]' : 'no' }))),
  );
  const order = { deployment: 'chat', dataset: texts, task: 'generation', maxFailures: 0.2 };
  const [good, worse] = [await evaluated(modelyard, order), await evaluated(modelyard, { ...order, template: '{{bad}} {{bad}} {{bad}} {{prompt}}' })];
  const compared = (await (await modelyard.call(`/api/v1/evaluations/${good.id}/compare?with=${worse.id}`)).json()) as { p: number; difference: number };
  expect(compared).toMatchObject({ test: 'permutation', score: 'rougeL', pairs: 9, leftOut: 1, p: 2 / 2 ** 9 });
  expect(compared.difference).toBeGreaterThan(0.1);
  const other = await modelyard.call(`/api/v1/evaluations/${good.id}/compare?with=${chosen.id}`);
  expect([other.status, (await refusal(other)).message]).toEqual([400, expect.stringContaining('did not measure the same examples')]);
});
