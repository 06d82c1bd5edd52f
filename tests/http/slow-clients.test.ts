import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createSocketServer, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { ENGINE_HEADER } from '../../src/contract/engine-wire.ts';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { gauge, pause, rawRequest, usageOf, whileAdvancing } from './support.ts';

/** Clients who send or read as slowly as they can. */
const CHAT = '/v1/chat/completions';
const READERS = 1_000;
const MIB = 1_048_576;
/** All of them come at once. */
const BACKLOG = 4_096;
const { sockets } = loadConfig({}, { home: undefined, port: undefined, logLevel: undefined, all: {} });

const open = (url: string): Socket => connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
const askChat = ({ key }: Harness, model: string, content: string) => {
  const body = JSON.stringify(chatBody(model, content, { stream: true }));
  return rawRequest(`POST ${CHAT}`, { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': String(body.length) }, body);
};

/** Sends `head`, then a byte of `rest` again and again until the server closes. Returns what it said, and how many bytes it took. */
async function drip(url: string, head: string, rest: string): Promise<{ answer: string; sent: number }> {
  const socket = open(url);
  let answer = '';
  let sent = 0;
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const state = { closed: false };
  socket.once('close', () => (state.closed = true));
  socket.write(head);
  while (!state.closed) {
    if (socket.writable && sent < rest.length) socket.write(rest.charAt(sent++));
    await pause(100);
  }
  return { answer, sent };
}

test('S25: a head or a body that comes a byte at a time, and a connection that says nothing, are closed in the time that they have; others are served meanwhile', async () => {
  expect(sockets).toMatchObject({ headersTimeoutMs: 20_000, requestTimeoutMs: 300_000, stallMs: 60_000 });
  await using modelyard = await startHarness({ config: { sockets: { ...sockets, headersTimeoutMs: 400, requestTimeoutMs: 1_500 } } });
  await modelyard.deployEcho('echo');
  const filler = 'x'.repeat(10_000);
  const slow = Promise.all([
    drip(modelyard.url, 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: ', filler),
    drip(modelyard.url, '', ''),
    drip(modelyard.url, rawRequest(`POST ${CHAT}`, { authorization: `Bearer ${modelyard.key}`, 'content-length': '10000' }), filler),
    drip(modelyard.url, rawRequest('POST /api/v1/orgs', { authorization: `Bearer ${modelyard.key}`, 'content-type': 'application/json', 'content-length': '10000' }), filler),
  ]);
  expect((await modelyard.call(CHAT, { body: chatBody('echo', 'x') })).status).toBe(200);
  const [head, silent, ...bodies] = await slow;
  expect(head?.answer).toMatch(/^HTTP\/1.1 408 [\s\S]*request_timeout/);
  expect(silent?.answer).toMatch(/^(HTTP\/1.1 408 |$)/);
  for (const { answer, sent } of [head, ...bodies] as { answer: string; sent: number }[]) {
    expect(sent, answer).toBeGreaterThan(1);
    expect(sent, answer).toBeLessThan(filler.length);
  }
  expect((await modelyard.call(CHAT, { body: chatBody('echo', 'x') })).status).toBe(200);
});

test('S25: who stops reading a stream is cut off after the stall: the call is cancelled and billed by what was computed, and its slot is free', async () => {
  await using modelyard = await startHarness({ config: { sockets: { ...sockets, stallMs: 300 } } });
  await modelyard.deployEcho('echo', { slots: 1 });
  const socket = open(modelyard.url);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // More than all buffers on the way hold. Nobody listens to the socket's data, so nothing is read.
  socket.write(askChat(modelyard, 'echo', '[[tokens:60000]] word'));
  const [row] = await usageOf(modelyard, 'echo', 1);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect(row?.completionTokens).toBeGreaterThan(0);
  expect((await modelyard.call(CHAT, { body: chatBody('echo', 'x') })).status).toBe(200);
  socket.resume();
  await closed;
  expect(socket.bytesRead).toBeLessThan(60_000 * 200);
});

test('S25: answers that nobody reads go with their connections: pages that need no key, and errors', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-slow-'));
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock });
  const doorway = await openDoorway(modelyard, join(folder, 'door'));
  const readers = Array.from({ length: 20 }, () => {
    const socket = connect(join(folder, 'door')).on('error', () => undefined);
    socket.write(rawRequest('GET /docs/static/swagger-ui-bundle.js', { connection: 'keep-alive' }));
    return socket;
  });
  await expect.poll(() => doorway.responses.filter(({ writableNeedDrain }) => writableNeedDrain).length).toBe(readers.length);
  for (const { writableLength } of doorway.responses) expect(writableLength).toBeLessThan(MIB / 4);
  await clock.advance(sockets.stallMs - 1);
  expect(doorway.responses.some(({ destroyed }) => destroyed)).toBe(false);
  // What is there to be read then is looked at once more.
  await clock.advance(2 * sockets.stallMs);
  expect(doorway.responses.every(({ destroyed }) => destroyed)).toBe(true);
  for (const socket of readers) socket.destroy();
  doorway.close();
  await whileAdvancing(clock, modelyard.stop());
  rmSync(folder, { recursive: true });
});

/** Unix sockets into the server: of a TCP stream the system keeps megabytes for itself, and a thousand of them would test the system. */
async function openDoorway({ running }: Harness, path: string) {
  const responses: ServerResponse[] = [];
  running.server.on('request', (_request, response: ServerResponse) => responses.push(response));
  const server = createSocketServer((socket) => running.server.emit('connection', socket));
  await new Promise<void>((resolve) => server.listen({ path, backlog: BACKLOG }, resolve));
  return { responses, close: () => void server.close() };
}

/** An engine whose answers never end, and which writes only as much as is taken from it. */
async function endlessEngine(modelyard: Harness, socket: string, slots: number) {
  const running = new Map<string, ServerResponse>();
  const state = {
    written: 0,
    get streams() {
      return running.size;
    },
  };
  const frame = Buffer.from(`data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(4_000)}"}}]}\n\n`);
  const server: Server = createServer((request, response) => {
    request.resume();
    const cancelled = request.url?.startsWith('/cancel/') ? running.get(request.url.slice('/cancel/'.length)) : undefined;
    if (cancelled) return void (cancelled.end(), response.writeHead(204).end());
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const id = String(request.headers[ENGINE_HEADER.requestId]);
    running.set(id, response);
    response.once('close', () => running.delete(id));
    const go = () => {
      while (!response.writableEnded && !response.destroyed) {
        state.written += frame.length;
        if (!response.write(frame)) return;
      }
    };
    response.on('drain', go);
    go();
  });
  await new Promise<void>((resolve) => server.listen({ path: socket, backlog: BACKLOG }, resolve));
  const exit = Promise.withResolvers<{ reason: string }>();
  modelyard.launcher.launch = () => ({
    address: { socket },
    ready: Promise.resolve({ slots }),
    exited: exit.promise,
    stop: async () => exit.resolve({ reason: 'stopped' }),
  });
  return { state, close: () => (server.closeAllConnections(), server.close()) };
}

test(`S25: ${READERS} readers who read nothing hold a bounded piece of memory each, which does not grow, until they are cut off`, { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-slow-'));
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock });
  const { state, close } = await endlessEngine(modelyard, join(folder, 'engine'), READERS + 1);
  await whileAdvancing(clock, modelyard.deployEcho('endless', { slots: READERS + 1 }));
  const doorway = await openDoorway(modelyard, join(folder, 'door'));
  const { responses } = doorway;
  const rssBefore = process.memoryUsage.rss();
  const readers = Array.from({ length: READERS }, () => {
    const socket = connect(join(folder, 'door')).on('error', () => undefined);
    socket.write(askChat(modelyard, 'endless', 'go on'));
    return socket;
  });
  const buffered = () => responses.map(({ writableLength }) => writableLength);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const settled = async () => {
    for (let before = -1; before !== state.written || state.streams < READERS; await pause(500)) before = state.written;
    return state.written;
  };
  const written = await settled();
  const held = buffered();
  expect(held.filter((bytes) => bytes > 0)).toHaveLength(READERS);
  expect(Math.max(...held)).toBeLessThan(MIB / 4);
  // Half of what they are given: nothing moves.
  await clock.sleep(30_000);
  await pause(500);
  expect([state.written, sum(buffered())]).toEqual([written, sum(held)]);
  const rss = process.memoryUsage.rss();
  process.stdout.write(
    `${READERS} stalled readers: ${Math.round(sum(held) / READERS / 1024)} KiB of answer each in the gateway, ${Math.round((rss - rssBefore) / MIB)} MiB more memory for gateway, engine and clients\n`,
  );
  // All are cut off, and their slots are free.
  await clock.sleep(31_000);
  expect(responses.filter(({ destroyed }) => !destroyed)).toHaveLength(0);
  await expect.poll(() => state.streams, { timeout: 30_000 }).toBe(0);
  await expect.poll(() => gauge(modelyard, 'running', 'endless'), { timeout: 30_000 }).toBe(0);
  for (const socket of readers) socket.destroy();
  doorway.close();
  await whileAdvancing(clock, modelyard.stop());
  close();
  rmSync(folder, { recursive: true });
});
