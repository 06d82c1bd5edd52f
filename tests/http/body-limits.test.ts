import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JSON_KEYS_MAX } from '../../src/contract/json-depth.ts';
import { type Harness, startHarness } from '../harness.ts';
import { deployForProtocols, PROTOCOLS, type Sendable } from './protocols.ts';
import { pause, rawRequest } from './support.ts';

const MIB = 1_048_576;
/** What comes until a client has seen the answer is read and thrown away: on a busy machine 7 MiB were. */
const THROWN_AWAY_MAX = 16 * MIB;
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await deployForProtocols(modelyard);
});
afterAll(() => modelyard.stop());

const post = (path: string, { headers, body }: Sendable) => modelyard.call(path, { body, headers });
const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** Offers a body without end; says what came back, and how much the server read of it. */
async function offer(path: string, headers: Readonly<Record<string, string>>): Promise<{ answer: string; readByServer: number }> {
  const accepted = new Promise<Socket>((resolve) => modelyard.running.server.once('connection', resolve));
  const { hostname, port } = new URL(modelyard.url);
  const socket = connect(Number(port), hostname);
  const closed = new Promise<void>((resolve) => socket.once('error', () => undefined).once('close', () => resolve()));
  const answer: string[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(chunk.toString()));
  socket.write(rawRequest(`POST ${path}`, { authorization: `Bearer ${modelyard.key}`, ...headers }));
  const filler = Buffer.alloc(65_536, ' ');
  const piece = headers['transfer-encoding'] === 'chunked' ? Buffer.concat([Buffer.from('10000\r\n'), filler, Buffer.from('\r\n')]) : filler;
  for (let sent = 0; sent < 40 * MIB && socket.writable && answer.length === 0; sent += piece.length) {
    if (!socket.write(piece)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const server = await accepted;
  await expect.poll(() => answer.join('')).toContain('\r\n\r\n');
  socket.destroy();
  await closed;
  await pause(5);
  return { answer: answer.join(''), readByServer: server.bytesRead };
}

describe.each(PROTOCOLS)('S24: $name', ({ path, ok, bytesMax, good, withPart, errorIn }) => {
  const expectRefusal = async (sent: Sendable, saying: RegExp) => {
    const response = await post(path, sent);
    expect(response.status).toBe(400);
    expect(errorIn(await response.json())).toMatch(saying);
  };
  const expectAlive = async () => expect((await post(path, good())).status).toBe(ok);

  test('a body beyond the limit is a 413 that was not read whole: by its length at once, chunked at the limit', async () => {
    const { headers } = good();
    const told = await offer(path, { ...headers, 'content-length': String(bytesMax + 1) });
    expect(told.answer).toMatch(/^HTTP\/1.1 413 [\s\S]*larger than \d+ bytes/);
    expect(told.readByServer).toBeLessThan(MIB);
    const untold = await offer(path, { ...headers, 'transfer-encoding': 'chunked' });
    expect(untold.answer).toMatch(/^HTTP\/1.1 413 [\s\S]*larger than \d+ bytes/);
    expect(untold.readByServer).toBeGreaterThan(bytesMax);
    expect(untold.readByServer).toBeLessThan(bytesMax + THROWN_AWAY_MAX);
    await expectAlive();
  });

  test('JSON of 50 levels is read, deeper than 64 is a 400 that says so, and 250,000 is one too', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const fine = await (await post(path, withPart(nested(50, open, close)))).text();
      expect(fine).not.toContain('deeper');
      for (const depth of [65, 250_000]) {
        if (depth * (open.length + close.length) < bytesMax) await expectRefusal(withPart(nested(depth, open, close)), /nests deeper than 64/);
      }
    }
    // Brackets that never close, and brackets that are text.
    await expectRefusal(withPart('['.repeat(250_000)), /nests deeper than 64/);
    expect(await (await post(path, withPart(`"${'['.repeat(1_000)}"`))).text()).not.toContain('deeper');
    await expectAlive();
  });

  test('an object of 10^6 keys is a 400', async () => {
    const count = Math.min(1_000_000, Math.floor(bytesMax / 10));
    expect(count).toBeGreaterThan(JSON_KEYS_MAX);
    const keys = Array.from({ length: count }, (_, i) => `"${i.toString(36)}":1`).join(',');
    await expectRefusal(withPart(`{${keys}}`), /more than 100000 keys/);
    await expectAlive();
  });
});

describe('S24 C76: shapes', () => {
  const shapes = {
    'product over 2^64': [2 ** 40, 2 ** 40],
    'product over 2^53': [2 ** 27, 2 ** 27],
    'more than there is': [2 ** 40],
    negative: [-2],
    fraction: [1.5],
    'one too many': [3],
  };
  test.each(Object.entries(shapes))('%s is a 400 with nothing allocated, as JSON and as binary', async (_what, shape) => {
    const before = process.memoryUsage().arrayBuffers;
    const json = { name: 'x', datatype: 'FP32', shape, data: [1, 2] };
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape, parameters: { binary_data_size: 8 } }] }));
    const bodies: Sendable[] = [
      { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ inputs: [json] })) },
      { headers: { 'inference-header-content-length': String(head.length) }, body: Buffer.concat([head, Buffer.alloc(8)]) },
    ];
    for (const sent of bodies) {
      const response = await post('/v2/models/tensor/infer', sent);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: expect.any(String) as string });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
  });
});
