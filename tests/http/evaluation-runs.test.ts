import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';
import { fakeForeignUpstream, pause, usageOf } from './support.ts';

interface Ordered {
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
