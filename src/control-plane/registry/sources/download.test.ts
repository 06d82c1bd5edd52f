import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { parseAllow } from '../../../egress/allow.ts';
import { Egress } from '../../../egress/egress.ts';
import { file, type FileServer, isRest, redirect, startFileServer } from '../../../../tests/file-server.ts';
import { Fault } from '../../../contract/errors.ts';
import { BlobStore } from '../blobs.ts';
import { BLOB_BYTES_MAX } from '../digest.ts';
import { sha256 } from '../testing/registry.ts';
import { Downloads } from './download.ts';
import { parseFileSource } from './file-source.ts';
import { DOWNLOAD_KEPT_MS, expirePartials } from './partial.ts';

const HUB = 'hub.example.com';
const CDN = 'cdn.example.com';
const EVIL = 'evil.example.com';
const COMMIT = 'c'.repeat(40);
const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
const HALF = bytes.length / 2;
const digest = sha256(bytes);

/** Waits between tries take no time; a timeout that is set never fires. */
const hasty: Clock = { ...systemClock, after: async () => undefined, timer: () => () => undefined };

let folder: string;
let server: FileServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelyard-download-'));
  // A stand-in for huggingface.co, its CDN and others: the world outside can't be reached here.
  server = await startFileServer([HUB, CDN, EVIL]);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** As after a start: everything that was in memory is forgotten. */
function startDownloads({ tokenFile, allow = [HUB, CDN, EVIL] }: { tokenFile?: string; allow?: readonly string[] } = {}) {
  const egress = new Egress({
    clock: hasty,
    allow: parseAllow(allow.map((host) => `${host}:${server.port}`)),
    caFile: server.caFile,
    resolve: async () => ['127.0.0.1'],
  });
  const blobs = new BlobStore(folder);
  const downloads = new Downloads({ egress, blobs, clock: hasty, hub: { endpoint: server.url(HUB, ''), ...(tokenFile !== undefined && { tokenFile }) } });
  const reports: string[] = [];
  const fetch = (source: string, { recordDigest = false, signal = new AbortController().signal } = {}) =>
    downloads.fetch({ source: parseFileSource(source), recordDigest, holder: 'test' }, { report: (text) => reports.push(text), signal });
  return { blobs, fetch, reports };
}

const source = (hex = digest.slice('sha256:'.length)) => `${server.url(CDN, '/m/model.gguf')}#sha256=${hex}`;
const serve = (answer: ReturnType<typeof file>) => server.answers.set(`${CDN}/m/model.gguf`, answer);
const ranges = () => server.requests.map(({ headers }) => headers.range);
const rests = () => ranges().map((range) => isRest(range, HALF));
const left = () => readdir(join(folder, 'downloads')).catch(() => []);

describe('S31: a download that is cut', () => {
  test('goes on with the rest of the same file; nothing is visible before it is whole', async () => {
    const it = startDownloads();
    serve(file(bytes, { etag: '"v1"', cuts: [HALF] }));
    const seen: unknown[] = [];
    const fetching = it.fetch(source());
    while (server.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    seen.push(await it.blobs.size(digest));
    expect(await fetching).toEqual({ path: 'model.gguf', digest, origin: server.url(CDN, '/m/model.gguf') });
    expect(seen).toEqual([undefined]);
    expect(rests()).toEqual([false, true]);
    expect(server.requests[1]?.headers['if-range']).toBe('"v1"');
    expect([await it.blobs.size(digest), await left()]).toEqual([bytes.length, []]);
    expect(it.reports).toContainEqual(expect.stringMatching(/^downloading model\.gguf \(0\.\d MB of 0\.2 MB, \d+ %\)$/));
    expect(it.reports).toContainEqual(expect.stringMatching(/^model\.gguf: going on at 0\.\d MB$/));
  });

  test('goes on in a later process, from what the disk has', async () => {
    const stop = new AbortController();
    serve(file(bytes, { etag: '"v1"', stalls: [HALF] }));
    const first = startDownloads();
    const fetching = first.fetch(source(), { signal: stop.signal });
    await expect.poll(async () => (await stat(join(folder, 'downloads', (await left())[0] ?? '', 'bytes'))).size).toBe(HALF);
    stop.abort(new Error('the process ends'));
    await expect(fetching).rejects.toThrow('the process ends');
    expect(await first.blobs.list()).toEqual([]);
    const second = startDownloads();
    await second.fetch(source());
    expect(ranges()).toEqual([undefined, `bytes=${HALF}-`]);
    expect(await readFile(second.blobs.path(digest))).toEqual(bytes);
  });

  test.each([
    ['knows no ranges', { etag: '"v1"', whole: true }],
    ['has no tags', {}],
    ['has weak tags only', { etag: 'W/"v1"' }],
  ])('begins again where the server %s', async (_what, options) => {
    const it = startDownloads();
    serve(file(bytes, { ...options, cuts: [HALF] }));
    await it.fetch(source());
    expect(await readFile(it.blobs.path(digest))).toEqual(bytes);
    expect(server.requests).toHaveLength(2);
  });

  test('begins again when the file is another by now, or the part is not the one that was asked for', async () => {
    const it = startDownloads();
    const other = Buffer.alloc(bytes.length, 'o');
    serve((request, response) => {
      file(other, { etag: '"v1"', cuts: [HALF] })(request, response);
      serve(file(bytes, { etag: '"v2"' }));
    });
    await it.fetch(source());
    expect(rests()).toEqual([false, true]);
    await it.blobs.discard(digest, Number.POSITIVE_INFINITY);
    it.blobs.holds.releaseAll('test');
    await it.blobs.discard(digest, Number.POSITIVE_INFINITY);
    server.requests.length = 0;
    serve((request, response) => {
      file(bytes, { etag: '"v1"', cuts: [HALF] })(request, response);
      serve((_request, lies) => {
        lies.writeHead(206, { etag: '"v1"', 'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}` }).end(bytes);
        serve(file(bytes, { etag: '"v1"' }));
      });
    });
    await it.fetch(source());
    expect(rests()).toEqual([false, true, false]);
    expect(await readFile(it.blobs.path(digest))).toEqual(bytes);
  });

  test('is given up after some tries that bring nothing, and what came is kept for the next order until it expires', async () => {
    const it = startDownloads();
    serve(file(bytes, { etag: '"v1"', cuts: [HALF, ...Array.from({ length: 12 }, () => 0)] }));
    await expect(it.fetch(source())).rejects.toMatchObject({ kind: 'unavailable' });
    expect(server.requests.length).toBe(10);
    expect(await left()).toHaveLength(1);
    expect(await expirePartials(join(folder, 'downloads'), Date.now())).toEqual({ count: 0, bytes: 0 });
    expect(await expirePartials(join(folder, 'downloads'), Date.now() + DOWNLOAD_KEPT_MS + 60_000)).toMatchObject({ count: 1 });
    expect(await left()).toEqual([]);
  });
});

test.each([
  ['parts that have no tag', { etag: '"v1"' }, {}],
  ['cuts that come sooner and later', {}, {}],
])('S31: a server whose parts never fit is given up: %s', async (_what, whole, part) => {
  const it = startDownloads();
  let asked = 0;
  server.answers.set(`${CDN}/m/model.gguf`, (request, response) => {
    const cuts = [HALF - 1_000 * (asked++ % 2)];
    file(bytes, { ...(request.headers.range === undefined ? whole : part), cuts })(request, response);
  });
  await expect(it.fetch(source())).rejects.toBeInstanceOf(Fault);
  expect(asked).toBeLessThanOrEqual(12);
});

test('S30: a download that the disk has no room for is refused before a byte of it is written', async () => {
  const it = startDownloads();
  serve((_request, response) => response.writeHead(200, { 'content-length': BLOB_BYTES_MAX, etag: '"v1"' }).flushHeaders());
  await expect(it.fetch(source())).rejects.toMatchObject({ code: 'disk_full' });
  expect(await left()).toEqual([]);
});

describe('S31: without a digest', () => {
  const bare = () => server.url(CDN, '/m/model.gguf');

  test('an answer that does not say where it ends is refused: half of it would be taken for the file', async () => {
    const it = startDownloads();
    serve((request) => {
      request.socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${bytes.toString('latin1', 0, 100)}`);
    });
    await expect(it.fetch(bare(), { recordDigest: true })).rejects.toMatchObject({ message: expect.stringContaining('where the file ends') as string });
    expect(await it.blobs.list()).toEqual([]);
  });

  test('what a former process has left is not gone on with: a power cut may have made it other bytes', async () => {
    const stop = new AbortController();
    serve(file(bytes, { etag: '"v1"', stalls: [HALF] }));
    const first = startDownloads();
    const fetching = first.fetch(bare(), { recordDigest: true, signal: stop.signal });
    await expect.poll(() => first.reports.at(-1)).toMatch(/^downloading/);
    stop.abort(new Error('power cut'));
    await expect(fetching).rejects.toThrow('power cut');
    expect(await startDownloads().fetch(bare(), { recordDigest: true })).toMatchObject({ digest });
    expect(ranges()).toEqual([undefined, undefined]);
  });
});

describe('S31: bytes of another digest', () => {
  test('are deleted, and the reason is told', async () => {
    const it = startDownloads();
    serve(file(bytes, { etag: '"v1"' }));
    await expect(it.fetch(source('0'.repeat(64)))).rejects.toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining(digest) as string });
    expect([await it.blobs.list(), await left(), server.requests.length]).toEqual([[], [], 1]);
  });

  test('a first part that was damaged on the disk costs one more download from the start', async () => {
    serve(file(bytes, { etag: '"v1"', stalls: [HALF] }));
    const stop = new AbortController();
    const fetching = startDownloads().fetch(source(), { signal: stop.signal });
    const part = async () => join(folder, 'downloads', (await left())[0] ?? '', 'bytes');
    await expect.poll(async () => (await stat(await part())).size).toBe(HALF);
    stop.abort(new Error('power cut'));
    await expect(fetching).rejects.toThrow('power cut');
    await writeFile(await part(), Buffer.alloc(HALF));
    const it = startDownloads();
    await it.fetch(source());
    expect(ranges()).toEqual([undefined, `bytes=${HALF}-`, undefined]);
    expect(await readFile(it.blobs.path(digest))).toEqual(bytes);
  });

  test('more than was announced, or encoded, is refused and nothing is kept', async () => {
    const it = startDownloads();
    serve(file(bytes, { headers: { 'content-encoding': 'gzip' } }));
    await expect(it.fetch(source())).rejects.toMatchObject({ code: 'source_refused' });
    serve((_request, response) => response.writeHead(200, { 'content-length': 9 * 1_099_511_627_776 }).end());
    await expect(it.fetch(source())).rejects.toMatchObject({ code: 'blob_too_large' });
    expect(await it.blobs.list()).toEqual([]);
  });
});

test('a digest is required unless the operator says that what comes is to be recorded', async () => {
  const it = startDownloads();
  serve(file(bytes));
  const bare = server.url(CDN, '/m/model.gguf');
  await expect(it.fetch(bare)).rejects.toMatchObject({ code: 'digest_unknown' });
  expect(await it.fetch(bare, { recordDigest: true })).toMatchObject({ digest });
});

test('what is here already is not downloaded; the same file is not downloaded twice at once', async () => {
  const it = startDownloads();
  serve(file(bytes, { etag: '"v1"' }));
  const [first, second] = await Promise.allSettled([it.fetch(source()), it.fetch(source())]);
  expect([first.status, second]).toMatchObject(['fulfilled', { reason: { code: 'pull_busy' } }]);
  await it.fetch(source());
  expect(server.requests).toHaveLength(1);
});

describe('the Hugging Face Hub (a stand-in)', () => {
  const path = `/org/name/resolve/main/sub/model.gguf`;
  const linked = { 'x-linked-etag': `"${digest.slice('sha256:'.length)}"`, 'x-linked-size': String(bytes.length), 'x-repo-commit': COMMIT };
  const token = async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'hf_secret\n');
    return tokenFile;
  };

  test('X14: the token goes to the Hub alone, and the CDN that it leads to sees none; its sha256 and commit are taken at its word', async () => {
    const it = startDownloads({ tokenFile: await token() });
    server.answers.set(HUB + path, redirect(server.url(CDN, '/blob?X-Signature=1'), linked));
    server.answers.set(`${CDN}/blob?X-Signature=1`, file(bytes, { etag: '"s3"', cuts: [HALF] }));
    expect(await it.fetch('hf:org/name/sub/model.gguf')).toEqual({ path: 'model.gguf', digest, origin: `hf:org/name@${COMMIT}/sub/model.gguf` });
    expect(server.requests.map(({ host, headers }) => [host, headers.authorization, isRest(headers.range, HALF)])).toEqual([
      [HUB, 'Bearer hf_secret', false],
      [CDN, undefined, false],
      [HUB, 'Bearer hf_secret', true],
      [CDN, undefined, true],
    ]);
  });

  test('what the Hub names, and is here already, is not downloaded again', async () => {
    const it = startDownloads();
    server.answers.set(HUB + path, redirect(server.url(CDN, '/blob'), linked));
    server.answers.set(`${CDN}/blob`, file(bytes));
    const first = await it.fetch('hf:org/name@main/sub/model.gguf');
    server.answers.set(`${CDN}/blob`, file(Buffer.from('bytes that nobody reads')));
    expect(await it.fetch('hf:org/name@main/sub/model.gguf')).toEqual(first);
    expect(await left()).toEqual([]);
  });

  test('the sha256 that the Hub names is what must come, and is not taken from the CDN', async () => {
    const it = startDownloads();
    server.answers.set(HUB + path, redirect(server.url(CDN, '/blob'), linked));
    server.answers.set(`${CDN}/blob`, file(Buffer.from('other bytes')));
    await expect(it.fetch('hf:org/name@main/sub/model.gguf')).rejects.toMatchObject({ code: 'digest_mismatch' });
    await expect(it.fetch(`hf:org/name@main/sub/model.gguf#sha256=${'0'.repeat(64)}`)).rejects.toMatchObject({
      code: 'digest_mismatch',
      message: expect.stringContaining('the Hub says') as string,
    });
    server.answers.set(HUB + path, redirect(server.url(CDN, '/blob')));
    server.answers.set(`${CDN}/blob`, file(bytes, { headers: linked }));
    await expect(it.fetch('hf:org/name@main/sub/model.gguf')).rejects.toMatchObject({ code: 'digest_unknown' });
    expect(await it.blobs.list()).toEqual([]);
  });

  test('X15: a WWW-Authenticate realm at another host is not asked, and the token goes nowhere', async () => {
    const it = startDownloads({ tokenFile: await token() });
    server.answers.set(HUB + path, (_request, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url(EVIL, '/token')}",service="x"`, location: server.url(EVIL, '/') }).end(),
    );
    await expect(it.fetch('hf:org/name@main/sub/model.gguf')).rejects.toMatchObject({ code: 'source_closed', message: expect.stringContaining('sources.hf.tokenFile') as string });
    expect(server.requests.map(({ host }) => host)).toEqual([HUB]);
  });

  test('X12: it leads to nothing that the operator has not opened', async () => {
    const it = startDownloads({ allow: [HUB] });
    server.answers.set(HUB + path, redirect(server.url(EVIL, '/blob'), linked));
    await expect(it.fetch('hf:org/name@main/sub/model.gguf')).rejects.toMatchObject({ code: 'egress_refused' });
    expect(server.requests.map(({ host }) => host)).toEqual([HUB]);
  });

  test('what is not there, a token file that is not there, and a Hub that is busy are told', async () => {
    await expect(startDownloads().fetch('hf:org/name@main/none.gguf')).rejects.toMatchObject({ kind: 'not_found', code: 'file_not_found' });
    await expect(startDownloads({ tokenFile: join(folder, 'none') }).fetch('hf:org/name@main/none.gguf')).rejects.toThrow('sources.hf.tokenFile');
    let busy = 3;
    server.answers.set(HUB + path, (request, response) => (busy-- > 0 ? response.writeHead(503).end() : file(bytes, { headers: linked })(request, response)));
    expect(await startDownloads().fetch('hf:org/name@main/sub/model.gguf')).toMatchObject({ digest });
  });
});

describe('X48: a source of files is a place and nothing else', () => {
  const HEX = 'a'.repeat(64);
  test.each([
    ['https://example.com/a/model.gguf', { fileName: 'model.gguf', digest: undefined }],
    [`https://example.com:8443/model.gguf#sha256=${HEX}`, { fileName: 'model.gguf', digest: `sha256:${HEX}` }],
    ['hf:org/name/model.gguf', { hub: { repository: 'org/name', revision: 'main', path: 'model.gguf' } }],
    ['hf:org/na.me-1@v1.0/a/b/model.onnx', { hub: { repository: 'org/na.me-1', revision: 'v1.0', path: 'a/b/model.onnx' }, fileName: 'model.onnx' }],
  ])('accepts %s', (text, expected) => {
    expect(parseFileSource(text)).toMatchObject(expected);
  });
  test.each([
    'http://example.com/model.gguf',
    'HTTPS://example.com/model.gguf',
    'https://user:pass@example.com/model.gguf',
    'https://example.com/model.gguf?token=secret',
    'https://example.com/model.gguf?',
    'https://example.com/',
    'https://example.com/a%2fb.gguf',
    'https://example.com/.hidden',
    `https://example.com/m.gguf#sha256=${HEX.toUpperCase()}`,
    `https://example.com/m.gguf#sha256=${HEX}0`,
    `https://example.com/m.gguf#sha256=${HEX}#x`,
    'https://example.com/m.gguf#md5=x',
    'hf:org/name',
    'hf:name/model.gguf@main',
    'hf:../name/model.gguf',
    'hf:org/name/../../x.gguf',
    'hf:org/name@main/..',
    'hf:org/name@a/../b/m.gguf',
    'hf:org/na..me/m.gguf',
    'hf:org/name/m.gguf?x',
    'hf:org/name/a b.gguf',
    'hf://org/name/m.gguf',
    's3://bucket/m.gguf',
    'file:///etc/passwd',
    `https://example.com/${'a'.repeat(3_000)}`,
    '',
  ])('refuses %j', (text) => {
    expect(() => parseFileSource(text)).toThrow(expect.objectContaining({ kind: 'invalid_argument' }));
  });
});
