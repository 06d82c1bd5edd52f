import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { sha256 } from '../../src/control-plane/registry/testing/registry.ts';
import { buildGguf } from '../../src/model-files/testing/build.ts';
import { file, type FileServer, isRest, redirect, startFileServer } from '../file-server.ts';
import { type Harness, startHarness } from '../harness.ts';

/** With tensor data behind the header. */
const bytes = Buffer.concat([buildGguf(), Buffer.alloc(200_000, 7)]);
const digest = sha256(bytes);
const HALF = bytes.length >> 1;

let home: string;
let server: FileServer;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'my-pulls-'));
  // Two origins on loopback: `localhost` stands in for huggingface.co, 127.0.0.1 for its CDN.
  server = await startFileServer(['localhost']);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

function start(): Promise<Harness> {
  const tokenFile = join(home, 'hub-token');
  writeFileSync(tokenFile, 'hf_secret\n');
  const allow = [`localhost:${server.port}`, `127.0.0.1:${server.port}`];
  const settings = { egress: { allow, caFile: server.caFile }, sources: { hf: { endpoint: server.url('localhost', ''), tokenFile } } };
  return startHarness({ home, database: homeFolder(home).database, file: settings });
}

interface JobView {
  readonly id: string;
  readonly state: string;
  readonly progress: string;
  readonly error: string | null;
  readonly errorCode: string | null;
  readonly result: unknown;
}

const as = (key: string) => ({ key });
const pull = async (it: Harness, key: string, body: object) => {
  const response = await it.call('/api/v1/models/pull', { ...as(key), body });
  return { status: response.status, job: (await response.json()) as JobView & { error: { code: string; message: string } } };
};
const jobOf = async (it: Harness, key: string, id: string) => (await (await it.call(`/api/v1/jobs/${id}`, as(key))).json()) as JobView;
const ended = async (it: Harness, key: string, id: string) => {
  for (;;) {
    const job = await jobOf(it, key, id);
    if (job.state !== 'running') return job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test('S31, X14: a file of the Hub is pulled by its CDN, published with its commit, and what is not as announced fails with the reason', async () => {
  await using it = await start();
  const { key } = it;
  const commit = 'd'.repeat(40);
  const linked = { 'x-linked-etag': `"${digest.slice('sha256:'.length)}"`, 'x-repo-commit': commit };
  server.answers.set('localhost/org/tiny/resolve/main/model.gguf', redirect(server.url('127.0.0.1', '/cdn'), linked));
  server.answers.set('127.0.0.1/cdn', file(bytes, { etag: '"e"', cuts: [HALF] }));
  const { status, job } = await pull(it, key, { name: 'tiny', source: 'hf:org/tiny@main/model.gguf', licence: 'MIT', card: '# Tiny' });
  expect(status).toBe(202);
  expect(await ended(it, key, job.id)).toMatchObject({ state: 'done', result: { model: 'tiny', version: 1 } });
  const model = (await (await it.call('/api/v1/models/tiny', as(key))).json()) as { versions: readonly object[] };
  expect(model.versions).toMatchObject([{ manifest: { licence: 'MIT', card: '# Tiny', origin: `hf:org/tiny@${commit}/model.gguf`, files: [{ path: 'model.gguf', digest }] } }]);
  expect(server.requests.map(({ host, headers }) => [host, headers.authorization, isRest(headers.range, HALF)])).toEqual([
    ['localhost', 'Bearer hf_secret', false],
    ['127.0.0.1', undefined, false],
    ['localhost', 'Bearer hf_secret', true],
    ['127.0.0.1', undefined, true],
  ]);
  const bad = await pull(it, key, { name: 'bad', source: `${server.url('127.0.0.1', '/cdn')}#sha256=${'0'.repeat(64)}` });
  expect(await ended(it, key, bad.job.id)).toMatchObject({ state: 'failed', errorCode: 'digest_mismatch', error: expect.stringContaining('nothing was stored') as string });
  expect(readdirSync(join(homeFolder(home).blobs, 'downloads'))).toEqual([]);
  expect((await it.call('/api/v1/models/bad', as(key))).status).toBe(404);
});

test('S31: a pull that a stop of the server cut goes on by itself at the next start', async () => {
  server.answers.set('localhost/model.gguf', file(bytes, { etag: '"e"', stalls: [HALF] }));
  const source = `${server.url('localhost', '/model.gguf')}#sha256=${digest.slice('sha256:'.length)}`;
  const first = await start();
  const { key } = first;
  const { job } = await pull(first, key, { name: 'tiny', source });
  const downloads = join(homeFolder(home).blobs, 'downloads');
  await expect.poll(() => readdirSync(downloads).map((name) => statSync(join(downloads, name, 'bytes')).size)).toEqual([HALF]);
  expect(await jobOf(first, key, job.id)).toMatchObject({ state: 'running', progress: expect.stringMatching(/downloading model\.gguf \(.* %\)/) as string });
  await first.stop();
  await using second = await start();
  expect(await ended(second, key, job.id)).toMatchObject({ state: 'done', result: { model: 'tiny', version: 1 } });
  expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${HALF}-`]);
});

test('X12, X48: pulls are for operators; what is wrong with one is said at once, and what is not opened is not reached', async () => {
  await using it = await start();
  const { key } = it;
  await it.call('/api/v1/orgs', { ...as(key), body: { name: 'acme' } });
  const publisher = await it.makeKey({ name: 'p', org: 'acme', role: 'publisher' });
  const source = server.url('localhost', '/model.gguf');
  expect((await pull(it, publisher.key, { name: 'acme/m', source })).status).toBe(403);
  for (const body of [
    { name: 'm', source: 'http://localhost/model.gguf' },
    { name: 'm', source: `${source}?token=x` },
    { name: 'm', source: 'hf:../x/model.gguf' },
    { name: 'm', source, entries: { 'a.gguf': 'b' } },
    { name: 'm', source, moreSources: [source] },
    { name: 'm', source: 'pypi:a==1', recordDigest: true },
    { name: '../m', source },
  ])
    expect((await pull(it, key, body)).status, JSON.stringify(body)).toBe(400);
  const inner = await pull(it, key, { name: 'm', source: 'https://127.0.0.1:9443/model.gguf', recordDigest: true });
  expect(await ended(it, key, inner.job.id)).toMatchObject({ state: 'failed', errorCode: 'egress_refused', error: expect.stringContaining('egress.allow') as string });
  expect(server.requests).toEqual([]);
});

test('several files make one version', async () => {
  await using it = await start();
  server.answers.set('localhost/model.gguf', file(bytes));
  server.answers.set('localhost/notes.txt', file(Buffer.from('notes')));
  const order = { name: 'two', source: server.url('localhost', '/model.gguf'), moreSources: [server.url('localhost', '/notes.txt')], recordDigest: true };
  const { job } = await pull(it, it.key, order);
  expect(await ended(it, it.key, job.id)).toMatchObject({ state: 'done' });
  const model = (await (await it.call('/api/v1/models/two', as(it.key))).json()) as { versions: readonly { manifest: { files: readonly { path: string }[] } }[] };
  expect(model.versions[0]?.manifest.files.map(({ path }) => path)).toEqual(['model.gguf', 'notes.txt']);
});
