import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { KEPT_BYTES_MAX } from '../../src/data-plane/replay/kept-reply.ts';
import { encodeInferRequest, OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import { type CallOptions, chatBody, type Harness, startHarness } from '../harness.ts';
import { fakeForeignUpstream, gauge, usageOf } from './support.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
});
afterAll(() => modelyard.stop());

interface Seen {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Headers;
  readonly code: string | undefined;
}
async function send(path: string, idempotencyKey: string, body: unknown, more: CallOptions = {}): Promise<Seen> {
  const response = await modelyard.call(path, { ...more, body, headers: { 'idempotency-key': idempotencyKey, ...more.headers } });
  const bytes = Buffer.from(await response.arrayBuffer());
  const code = response.status >= 400 ? (JSON.parse(bytes.toString()) as { error: { code?: string } }).error.code : undefined;
  return { status: response.status, body: bytes, headers: response.headers, code };
}
const chat = (key: string, model: string, content: string, more: Record<string, unknown> = {}) => send(CHAT, key, chatBody(model, content, more));
const called = () => [...modelyard.launcher.calls.values()].reduce((sum, count) => sum + count, 0);
const CONTENT_HEADERS = ['content-type', 'content-length', 'x-request-id', 'x-modelyard-revision', OIP_HEADER_LENGTH];

type Ask = (key: string) => Promise<Seen>;

/** Asks with a key, and again: the repeat gets the same bytes and headers, and nothing ran nor was recorded for it. */
async function expectRepeat(model: string, ask: Ask, key: string, asked = ask(key)): Promise<void> {
  const first = await asked;
  expect(first.status).toBe(200);
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  const before = called();
  const second = await ask(key);
  expect(second.status).toBe(200);
  expect(second.body.equals(first.body)).toBe(true);
  for (const name of CONTENT_HEADERS) expect(second.headers.get(name), name).toBe(first.headers.get(name));
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect(called()).toBe(before);
  // The row of a later call comes after all others: there is none of the repeat.
  const third = await ask('another key');
  expect(new Set((await usageOf(modelyard, model, 2)).map(({ requestId }) => requestId))).toEqual(new Set([first, third].map(({ headers }) => headers.get('x-request-id'))));
}

test('M20: a repeat of a chat call gets the same bytes and the first call’s id; nothing runs and nothing is recorded for it', async () => {
  await modelyard.deployEcho('chat');
  await expectRepeat('chat', (key) => chat(key, 'chat', 'one two three'), 'chat');
});

test('M21: a repeat of a stream gets the whole stream again', async () => {
  await modelyard.deployEcho('streamed');
  const ask: Ask = (key) => chat(`stream ${key}`, 'streamed', 'one two three', { stream: true });
  await expectRepeat('streamed', ask, '1');
  expect((await ask('1')).body.toString().endsWith('data: [DONE]\n\n')).toBe(true);
});

test('M20: a repeat of embeddings, and of tensors in JSON and in binary', async () => {
  await modelyard.deployEcho('vectors', { task: 'embedding' });
  await expectRepeat('vectors', (key) => send('/v1/embeddings', `vectors ${key}`, { model: 'vectors', input: 'hello' }), '1');

  const signature = { inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1] }], outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1] }] };
  await modelyard.deployEcho('tensors', { task: 'tensor', signature });
  const body = { inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }] };
  await expectRepeat('tensors', (key) => send('/v2/models/tensors/infer', `json ${key}`, body), '1');

  await modelyard.deployEcho('binary', { task: 'tensor', signature });
  const data = Uint8Array.from({ length: 8 }, (_, at) => 0xf0 + at);
  const { chunks, headerLength } = encodeInferRequest({ id: '', inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data }], outputs: [], binaryOutputDefault: true });
  const headers = { [OIP_HEADER_LENGTH]: String(headerLength), 'content-type': 'application/octet-stream' };
  await expectRepeat('binary', (key) => send('/v2/models/binary/infer', `binary ${key}`, Buffer.concat(chunks), { headers }), '1');
});

test('X10 M20: the key with another body or path is refused, and another organisation’s key is another key', async () => {
  await modelyard.deployEcho('reused');
  await modelyard.call('/api/v1/orgs', { body: { name: 'globex' } });
  await modelyard.deployEcho('globex/reused');
  await chat('r1', 'reused', 'one');
  expect(await chat('r1', 'reused', 'two')).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  expect(await send('/v1/completions', 'r1', { model: 'reused', prompt: 'one' })).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  const { key } = await modelyard.makeKey({ name: 'other', org: 'globex', scopes: ['inference'] });
  const body = chatBody('globex/reused', 'the same words');
  const [ours, theirs] = [await send(CHAT, 'r2', body), await send(CHAT, 'r2', body, { key })];
  expect([ours.status, theirs.status, theirs.headers.get('idempotency-replayed')]).toEqual([200, 200, null]);
  expect(theirs.headers.get('x-request-id')).not.toBe(ours.headers.get('x-request-id'));
  const other = await send(CHAT, 'r1', chatBody('globex/reused', 'two'), { key });
  expect(other.status).toBe(200);
  expect(other.headers.get('idempotency-replayed')).toBeNull();
});

test('M20: while the first call runs its repeats are told to come later; then they get its answer', async () => {
  await modelyard.deployEcho('slow');
  const ask: Ask = (key) => chat(`slow ${key}`, 'slow', '[[delay-ms:150]] one two three four');
  const first = ask('1');
  await expect.poll(() => gauge(modelyard, 'running', 'slow'), { interval: 5 }).toBe(1);
  const early = await ask('1');
  expect(early).toMatchObject({ status: 409, code: 'idempotency_in_progress' });
  expect(early.headers.get('retry-after')).toBe('1');
  await expectRepeat('slow', ask, '1', first);
});

test('M20: of ten calls at once exactly one runs', async () => {
  await modelyard.deployEcho('raced');
  const before = called();
  const all = await Promise.all(Array.from({ length: 10 }, () => chat('ten', 'raced', '[[delay-ms:20]] one two')));
  expect(called()).toBe(before + 1);
  for (const { status } of all) expect([200, 409]).toContain(status);
  expect(all.some(({ status }) => status === 200)).toBe(true);
});

test('M21: an answer beyond what is kept is sent whole once; its repeat is told so, and does not run', async () => {
  await modelyard.deployEcho('large');
  const first = await chat('l1', 'large', `[[tokens:2]] ${'x'.repeat(KEPT_BYTES_MAX)}`);
  expect(first.status).toBe(200);
  expect(first.body.length).toBeGreaterThan(KEPT_BYTES_MAX);
  const before = called();
  expect(await chat('l1', 'large', `[[tokens:2]] ${'x'.repeat(KEPT_BYTES_MAX)}`)).toMatchObject({ status: 409, code: 'idempotency_result_too_large' });
  expect(called()).toBe(before);
});

test('a call that failed for free can be made again with its key: the engine’s error, and a refusal before it', async () => {
  let isBroken = true;
  await using _upstream = await fakeForeignUpstream(modelyard, 'fails', (_request, response) => {
    if (isBroken) return void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"no","code":"no"}}');
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}');
  });
  expect((await chat('f1', 'fails', 'one')).status).toBe(400);
  isBroken = false;
  const second = await chat('f1', 'fails', 'one');
  expect(second.status).toBe(200);
  expect(second.headers.get('idempotency-replayed')).toBeNull();

  await modelyard.deployEcho('limited');
  const { key } = await modelyard.makeKey({ name: 'one a minute', scopes: ['inference'], limits: { concurrency: 1 } });
  const holding = modelyard.call(CHAT, { key, body: chatBody('limited', '[[delay-ms:200]] one') });
  await expect.poll(() => gauge(modelyard, 'running', 'limited'), { interval: 5 }).toBe(1);
  expect((await send(CHAT, 'f2', chatBody('limited', 'one'), { key })).status).toBe(429);
  await (await holding).text();
  expect((await send(CHAT, 'f2', chatBody('limited', 'one'), { key })).status).toBe(200);
});

test('M21: a client that leaves before anything was produced can try again; one that leaves in the middle is told that the answer is lost', async () => {
  await modelyard.deployEcho('left');
  const body = chatBody('left', '[[hang]]');
  const hanging = new AbortController();
  const gone = send(CHAT, 'g1', body, { signal: hanging.signal }).catch(() => 'left');
  await expect.poll(() => gauge(modelyard, 'running', 'left'), { interval: 5 }).toBe(1);
  hanging.abort();
  await gone;
  await expect.poll(() => gauge(modelyard, 'running', 'left'), { interval: 5 }).toBe(0);
  const again = new AbortController();
  const second = send(CHAT, 'g1', body, { signal: again.signal }).catch(() => 'left');
  await expect.poll(() => gauge(modelyard, 'running', 'left'), { interval: 5 }).toBe(1);
  again.abort();
  await second;

  await modelyard.deployEcho('middle');
  const long = chatBody('middle', '[[delay-ms:20]] [[tokens:1000]] w', { stream: true });
  const leave = new AbortController();
  const response = await modelyard.call(CHAT, { body: long, headers: { 'idempotency-key': 'g2' }, signal: leave.signal });
  const reader = response.body?.getReader();
  for (let i = 0; i < 3; i++) await reader?.read();
  leave.abort();
  await usageOf(modelyard, 'middle', 1);
  const before = called();
  expect(await send(CHAT, 'g2', long)).toMatchObject({ status: 409, code: 'idempotency_result_lost' });
  expect(called()).toBe(before);
});

test('M21: a stream that broke off after words that are charged for is lost for its key', async () => {
  await modelyard.deployEcho('broken');
  const first = await chat('b1', 'broken', 'two words [[error:500]]', { stream: true });
  expect(first.body.toString()).toContain('"error"');
  const before = called();
  expect(await chat('b1', 'broken', 'two words [[error:500]]', { stream: true })).toMatchObject({ status: 409, code: 'idempotency_result_lost' });
  expect(called()).toBe(before);
});

test('an answer that its client no longer reads, but that was whole, is there for the repeat', async () => {
  await modelyard.deployEcho('unread');
  const leave = new AbortController();
  const body = chatBody('unread', '[[tokens:20]] w', { stream: true });
  const response = await modelyard.call(CHAT, { body, headers: { 'idempotency-key': 'u1' }, signal: leave.signal });
  const id = response.headers.get('x-request-id');
  // Nothing of the body is read; by the time of its record the engine has said all.
  expect(await usageOf(modelyard, 'unread', 1)).toMatchObject([{ requestId: id, status: 'ok' }]);
  leave.abort();
  const again = await send(CHAT, 'u1', body);
  expect(again.status).toBe(200);
  expect(again.headers.get('x-request-id')).toBe(id);
  expect(again.body.toString().endsWith('data: [DONE]\n\n')).toBe(true);
});

test('a malformed key is refused before anything runs', async () => {
  await modelyard.deployEcho('strict');
  const before = called();
  for (const key of ['', 'x'.repeat(256), 'caf\u00e9', 'a\tb'])
    expect(await chat(key, 'strict', 'one'), JSON.stringify(key)).toMatchObject({ status: 400, code: 'invalid_idempotency_key' });
  expect(called()).toBe(before);
  expect((await chat('x'.repeat(255), 'strict', 'one')).status).toBe(200);
});

test('M20: after a restart a repeat gets its answer; of calls that a kill cut, those that were charged for are lost and the others run', async () => {
  const home = mkdtempSync(join(tmpdir(), 'my-replays-'));
  const database = join(home, 'replays.db');
  const body = chatBody('kept', 'one two three');
  const ask = async (harness: Harness, key: string) => {
    const response = await harness.call(CHAT, { body, headers: { 'idempotency-key': key } });
    return { status: response.status, text: await response.text(), id: response.headers.get('x-request-id') };
  };
  const before = await startHarness({ home, database });
  await before.deployEcho('kept');
  const [kept, charged, free] = [await ask(before, 'kept'), await ask(before, 'charged'), await ask(before, 'free')];
  for (const { status } of [kept, charged, free]) expect(status).toBe(200);
  await usageOf(before, 'kept', 3);
  await before.stop();
  // As a kill leaves them: their rows say that they run; of one there is no usage.
  const db = await openDatabase(database);
  await db.updateTable('replays').set({ state: 'running', status: null, headers: null, body: null }).where('idempotency_key', 'in', ['charged', 'free']).execute();
  await db.updateTable('replays').set({ request_id: 'req_unrecorded' }).where('idempotency_key', '=', 'free').execute();
  await db.destroy();
  const { key } = before;
  await using after = await startHarness({ home, database });
  const again = (name: string) => ask({ ...after, call: (path, options) => after.call(path, { key, ...options }) }, name);
  expect(await again('kept')).toEqual(kept);
  await expect.poll(async () => (await again('charged')).text, { interval: 10 }).toContain('idempotency_result_lost');
  await expect.poll(async () => (await again('free')).status, { interval: 10 }).toBe(200);
  expect((await again('free')).id).not.toBe(free.id);
  await after.stop();
  rmSync(home, { recursive: true, force: true });
});
