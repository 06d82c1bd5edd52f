import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RealServer, startRealServer } from './real-server.ts';

const FOLDER = new URL('../../examples/datasets/', import.meta.url);

interface Report {
  readonly digest: string;
  readonly metrics: Record<string, { value?: number; interval?: { low: number; high: number } }>;
  readonly run: { readonly failed: { count: number }; readonly versions: { model: string; digest: string }[] };
}

let server: RealServer;
beforeAll(async () => {
  server = await startRealServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function call<T>(path: string, body?: string | Buffer, type = 'application/json'): Promise<T> {
  const headers = { authorization: `Bearer ${server.key}`, ...(body !== undefined && { 'content-type': type }) };
  const response = await fetch(server.url + path, { method: body === undefined ? 'GET' : 'POST', headers, ...(body !== undefined && { body: body as string }) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function evaluated(text: Buffer, format: 'csv' | 'jsonl', order: Record<string, unknown>): Promise<Report> {
  const { digest } = await call<{ digest: string }>(`/api/v1/datasets?format=${format}`, text, 'application/octet-stream');
  const { id } = await call<{ id: string }>('/api/v1/evaluations/runs', JSON.stringify({ dataset: digest, ...order }));
  for (;;) {
    const { job, evaluation } = await call<{ job: { state: string; error: string | null }; evaluation: string | null }>(`/api/v1/evaluations/runs/${id}`);
    if (job.state === 'failed') throw new Error(job.error ?? 'failed');
    if (evaluation !== null) return call(`/api/v1/evaluations/${evaluation}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const value = (report: Report, metric: string): number => report.metrics[metric]?.value ?? Number.NaN;

test('Q6: MiniLM orders sentence pairs as people do, twice with the same digest; shuffled scores it does not', async () => {
  const text = readFileSync(new URL('sentence-pairs.csv', FOLDER));
  const order = { deployment: 'all-minilm-l6-v2', task: 'embedding', seed: 3 };
  const report = await evaluated(text, 'csv', order);
  expect(value(report, 'spearman')).toBeGreaterThan(0.85);
  expect(value(report, 'spearman')).toBeLessThan(1);
  expect(value(report, 'pearson')).toBeGreaterThan(0.85);
  expect(report.metrics['spearman']?.interval?.low).toBeGreaterThan(0.6);
  expect(report.run).toMatchObject({ failed: { count: 0 }, versions: [{ model: 'all-minilm-l6-v2' }] });
  expect((await evaluated(text, 'csv', { ...order, concurrency: 1 })).digest).toBe(report.digest);
  const [head, ...rows] = text.toString().trimEnd().split('\n');
  const scores = rows.map((row) => row.slice(row.lastIndexOf(',')));
  const shuffled = rows.map((row, index) => row.slice(0, row.lastIndexOf(',')) + (scores[(index + 7) % rows.length] ?? ''));
  expect(Math.abs(value(await evaluated(Buffer.from([head, ...shuffled].join('\n')), 'csv', order), 'spearman'))).toBeLessThan(0.5);
});

test('Q2: magika tells source files apart; with the labels of others it is wrong', async () => {
  const text = readFileSync(new URL('source-files.jsonl', FOLDER));
  const order = { deployment: 'magika', task: 'classification' };
  const report = await evaluated(text, 'jsonl', order);
  expect(value(report, 'f1_macro')).toBeGreaterThan(0.85);
  expect(value(report, 'f1_micro')).toBeCloseTo(value(report, 'accuracy'), 12);
  expect(report.run.failed.count).toBe(0);
  const rows = text
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { label: string; text: string });
  const wrong = rows.map((row, index) => JSON.stringify({ ...row, label: rows[(index + 5) % rows.length]?.label }));
  expect(value(await evaluated(Buffer.from(wrong.join('\n')), 'jsonl', order), 'accuracy')).toBeLessThan(0.1);
});

test('SmolLM2 answers short questions, some of them in the expected words, and the same again', async () => {
  const text = readFileSync(new URL('questions.jsonl', FOLDER));
  const order = { deployment: 'smollm2-135m-instruct', task: 'generation', template: '{{question}} Answer in one short sentence.', maxTokens: 40 };
  const report = await evaluated(text, 'jsonl', order);
  expect(value(report, 'rougeL')).toBeGreaterThan(0.3);
  expect(value(report, 'rougeL')).toBeLessThan(1);
  expect((await evaluated(text, 'jsonl', order)).digest).toBe(report.digest);
});
