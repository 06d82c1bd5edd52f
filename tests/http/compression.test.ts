import { request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeInferReply, OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { deployForProtocols, PROTOCOLS } from './protocols.ts';
import { usageOf } from './support.ts';

const MIB = 1_048_576;
const CHAT = '/v1/chat/completions';
const LIMIT = 10 * MIB;
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await deployForProtocols(modelyard);
});
afterAll(() => modelyard.stop());

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}
interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several pieces: chunked, without a length. */
  readonly body?: Buffer | readonly Buffer[];
}

/** A request by node:http, which decompresses nothing. */
function send(path: string, { method = 'POST', headers = {}, body = [] }: Sent): Promise<Seen> {
  const { hostname, port } = new URL(modelyard.url);
  const { promise, resolve, reject } = Promise.withResolvers<Seen>();
  const one = Buffer.isBuffer(body);
  const length = one ? { 'content-length': String(body.length) } : {};
  const order = request({ hostname, port, path, method, headers: { authorization: `Bearer ${modelyard.key}`, ...length, ...headers } }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    response.on('error', reject);
  });
  // A server that has refused reads no more.
  order.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
  });
  void (async () => {
    for (const piece of one ? [body] : body) {
      if (order.writable && !order.write(piece)) await Promise.race([new Promise((drained) => order.once('drain', drained)), promise]);
    }
    order.end();
  })();
  return promise;
}
const inPieces = (bytes: Buffer, size: number) => Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
/** Far more than the limit, so that who inflates all of it is seen to. */
const BOMB_BYTES = 200 * MIB;
const bomb = gzipSync(Buffer.alloc(BOMB_BYTES), { level: 9 });

/** Bytes of buffers that come to be held from now on, at most. */
function watchMemory(): { peak(): number } {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  let running = true;
  const watch = (): void => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    if (running) setImmediate(watch);
  };
  watch();
  return {
    peak() {
      running = false;
      return peak;
    },
  };
}
const COMPRESSIONS = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, GZIP: gzipSync } as const;

describe('bodies', () => {
  for (const { name, path, ok, good } of PROTOCOLS) {
    test(`C74: ${name}: chunked, gzip and deflate bodies are read`, async () => {
      const { headers, body } = good();
      expect((await send(path, { headers, body: inPieces(body, 3) })).status, 'chunked').toBe(ok);
      for (const [coding, compress] of Object.entries(COMPRESSIONS)) {
        const one = good();
        const compressed = compress(one.body);
        expect((await send(path, { headers: { ...one.headers, 'content-encoding': coding }, body: compressed })).status, coding).toBe(ok);
        const other = good();
        const pieces = inPieces(compress(other.body), 7);
        expect((await send(path, { headers: { ...other.headers, 'content-encoding': coding }, body: pieces })).status, `${coding} chunked`).toBe(ok);
      }
      expect((await send(path, { headers: { ...headers, 'content-encoding': 'identity' }, body: good().body })).status).toBe(ok);
    });

    test(`C74: ${name}: another encoding is a 415 that says which are accepted; what is not what it says, a 400`, async () => {
      const { headers, body } = good();
      for (const coding of ['br', 'zstd', 'compress', 'gzip, gzip', 'x'.repeat(300)]) {
        const { status, body: answer } = await send(path, { headers: { ...headers, 'content-encoding': coding }, body: brotliCompressSync(body) });
        expect(status, coding).toBe(415);
        expect(answer.toString()).toMatch(/^\{"error":/);
        expect(answer.length).toBeLessThan(500);
      }
      const broken = { plain: body, cut: gzipSync(body).subarray(0, -9), 'raw deflate': deflateRawSync(body), zlib: deflateSync(body) };
      for (const [what, bytes] of Object.entries(broken)) {
        const { status, body: answer } = await send(path, { headers: { ...headers, 'content-encoding': 'gzip' }, body: bytes });
        expect(status, what).toBe(400);
        expect(answer.toString(), what).toContain("can't be decompressed");
      }
      expect((await send(path, { headers, body: good().body })).status).toBe(ok);
    });

    test(`S26: ${name}: a gzip body of 1029:1 is stopped at the limit with a 413, and takes no more than twice the limit of memory`, async () => {
      expect(BOMB_BYTES / bomb.length).toBeGreaterThan(1_020);
      const { headers } = good();
      for (const body of [bomb, inPieces(bomb, 65_536)]) {
        const memory = watchMemory();
        const { status, body: answer } = await send(path, { headers: { ...headers, 'content-encoding': 'gzip' }, body });
        expect([status, answer.toString()]).toEqual([413, expect.stringContaining('larger than') as string]);
        expect(memory.peak()).toBeLessThan(2 * LIMIT);
      }
    });
  }

  test('S26: compressed data that never mean anything are stopped at the limit too, and so are bytes sent one by one', async () => {
    // Stored blocks of no bytes: five bytes each, and nothing comes of them.
    const endless = Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(5 * 2.2 * MIB, Buffer.from([0, 0, 0, 0xff, 0xff]))]);
    expect((await send(CHAT, { headers: { 'content-encoding': 'gzip' }, body: inPieces(endless, 65_536) })).status).toBe(413);
    const long = Buffer.from(JSON.stringify(chatBody('echo', 'x'.repeat(20_000))));
    expect((await send(CHAT, { body: inPieces(long, 1) })).status).toBe(200);
  });

  test('C74: a compressed body is the same call as the plain one for an idempotency key, and measured as what it says', async () => {
    await modelyard.deployEcho('same');
    const body = Buffer.from(JSON.stringify(chatBody('same', 'one two three')));
    const first = await send(CHAT, { headers: { 'idempotency-key': 'k' }, body });
    const second = await send(CHAT, { headers: { 'idempotency-key': 'k', 'content-encoding': 'gzip' }, body: gzipSync(body) });
    expect([first.status, second.status, second.headers['idempotency-replayed']]).toEqual([200, 200, 'true']);
    expect(second.body.equals(first.body)).toBe(true);
    await usageOf(modelyard, 'same', 1);
  });
});

describe('answers', () => {
  const LARGE = Buffer.from(JSON.stringify(chatBody('echo', '[[tokens:3000]] lorem ipsum')));
  const decompress = { gzip: gunzipSync, deflate: inflateSync } as const;

  for (const encoding of ['gzip', 'deflate'] as const) {
    test(`C74: a large answer comes as ${encoding} when that is asked for, with the record of what was computed; a small one and a stream as they are`, async () => {
      await modelyard.deployEcho(encoding);
      const body = Buffer.from(LARGE.toString().replace('"echo"', `"${encoding}"`));
      const plain = await send(CHAT, { body });
      const asked = { 'accept-encoding': encoding };
      const compressed = await send(CHAT, { headers: asked, body });
      expect([plain.headers['content-encoding'], plain.headers.vary]).toEqual([undefined, 'accept-encoding']);
      expect(compressed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding', 'content-type': plain.headers['content-type'] });
      expect(compressed.body.length).toBeLessThan(plain.body.length / 2);
      const said = (bytes: Buffer) => (JSON.parse(bytes.toString()) as { choices: unknown }).choices;
      expect(said(decompress[encoding](compressed.body))).toEqual(said(plain.body));
      const [second, first] = await usageOf(modelyard, encoding, 2);
      expect(second).toMatchObject({ status: 'ok', completionTokens: 3_000, promptTokens: first?.promptTokens });
      const small = await send(CHAT, { headers: asked, body: Buffer.from(JSON.stringify(chatBody('echo', 'x'))) });
      expect([small.status, small.headers['content-encoding'], small.headers.vary]).toEqual([200, undefined, undefined]);
      const stream = await send(CHAT, { headers: asked, body: Buffer.from(JSON.stringify(chatBody('echo', '[[tokens:3000]] x', { stream: true }))) });
      expect([stream.headers['content-encoding'], stream.body.subarray(-14).toString()]).toEqual([undefined, 'data: [DONE]\n\n']);
    });
  }

  test('C74: of a compressed binary answer the header length is that of the JSON as it was before', async () => {
    const { headers, body } = PROTOCOLS.find(({ name }) => name === 'OIP JSON')?.good() ?? { headers: {}, body: Buffer.of() };
    const many = { inputs: [{ name: 'x', datatype: 'FP32', shape: [2_000], data: Array.from({ length: 2_000 }, (_, i) => i) }], parameters: { binary_data_output: true } };
    const answer = await send('/v2/models/tensor/infer', { headers: { ...headers, 'accept-encoding': 'gzip' }, body: Buffer.from(JSON.stringify(many)) });
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/octet-stream' });
    const [output] = decodeInferReply(gunzipSync(answer.body), Number(answer.headers[OIP_HEADER_LENGTH])).outputs;
    expect(output?.data.length).toBe(8_000);
    expect(body.length).toBeGreaterThan(0);
  });

  test('C74: a kept answer is sent as each repeat asks for it', async () => {
    const seen: string[] = [];
    for (const asked of ['gzip', 'identity', 'deflate', 'gzip']) {
      const answer = await send(CHAT, { headers: { 'idempotency-key': 'kept', 'accept-encoding': asked }, body: LARGE });
      expect(answer.headers['content-encoding']).toBe(asked === 'identity' ? undefined : asked);
      seen.push((asked === 'gzip' ? gunzipSync(answer.body) : asked === 'deflate' ? inflateSync(answer.body) : answer.body).toString());
    }
    expect(new Set(seen).size).toBe(1);
  });

  test('C74: the control API, metrics and discovery compress as well, for who asks by weight', async () => {
    for (const path of ['/openapi.json', '/metrics']) {
      const plain = await send(path, { method: 'GET' });
      const compressed = await send(path, { method: 'GET', headers: { 'accept-encoding': 'br;q=1, gzip;q=0.5, *;q=0' } });
      expect(compressed.headers, path).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding', 'content-length': String(compressed.body.length) });
      expect(plain.headers.vary).toBe('accept-encoding');
      expect(gunzipSync(compressed.body).length / plain.body.length).toBeCloseTo(1, 1);
      for (const refused of ['gzip;q=0', 'br', 'identity, gzip;q=0.5', 'gzip;q=x', '']) {
        expect((await send(path, { method: 'GET', headers: { 'accept-encoding': refused } })).headers['content-encoding'], refused).toBeUndefined();
      }
      expect((await send(path, { method: 'GET', headers: { 'accept-encoding': '*' } })).headers['content-encoding']).toBe('gzip');
    }
  });
});
