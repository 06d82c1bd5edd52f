import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { fakeForeignUpstream } from '../http/support.ts';
import { startPython } from './python-env.ts';

interface Span {
  readonly path: string;
  readonly authorization: string | null;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly start: string;
  readonly end: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly bytes: string;
}
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;
const CHAT = '/v1/chat/completions';

let receiver: Awaited<ReturnType<typeof startPython>>;
let port: number;
const spans: Span[] = [];
let modelyard: Harness;
beforeAll(async () => {
  receiver = await startPython('otlp_receiver.py');
  const lines = createInterface(receiver.stdout);
  port = await new Promise<number>((resolve) => lines.once('line', (line) => resolve(Number(line))));
  lines.on('line', (line) => spans.push(JSON.parse(line) as Span));
  modelyard = await traced(1);
  await modelyard.deployEcho('echo');
  await modelyard.deployEcho('embedding', { task: 'embedding' });
  await modelyard.deployEcho('tensor', {
    task: 'tensor',
    signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] },
  });
});
afterAll(async () => {
  await modelyard.stop();
  receiver.stdin.end();
});

const traced = (ratio: number) =>
  startHarness({ config: { otlp: { url: `http://127.0.0.1:${port}/v1/traces`, headers: { authorization: 'Bearer of-the-collector' }, ratio, serviceName: 'test-yard' } } });
/** The span of a call, once it has come, and all that belong to it. */
async function traceOf(requestId: string | null): Promise<{ root: Span; children: readonly Span[]; all: readonly Span[] }> {
  const find = () => spans.find(({ attributes }) => attributes['modelyard.request.id'] === requestId);
  await expect.poll(find, { timeout: 10_000, interval: 50 }).toBeDefined();
  const root = find() as Span;
  const all = spans.filter(({ traceId }) => traceId === root.traceId);
  return { root, all, children: all.filter(({ parentSpanId }) => parentSpanId === root.spanId) };
}
const idOf = async (response: Response) => {
  await response.text();
  return response.headers.get('x-request-id');
};
const named = (of: readonly Span[], name: string) => of.find((span) => span.name === name) as Span;

test('a call is a span by the GenAI conventions, with a child for each stage, and the times fit', async () => {
  const { root, children, all } = await traceOf(await idOf(await modelyard.call(CHAT, { body: chatBody('echo', 'one two three') })));
  expect(root).toMatchObject({
    path: '/v1/traces',
    authorization: 'Bearer of-the-collector',
    resource: { 'service.name': 'test-yard', 'service.version': expect.any(String) as string },
    scope: 'modelyard',
    name: 'chat echo',
    kind: SERVER,
    parentSpanId: '',
    status: 0,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'modelyard',
      'gen_ai.request.model': 'echo',
      'gen_ai.response.model': 'echo:1',
      'gen_ai.usage.input_tokens': 4,
      'gen_ai.usage.output_tokens': 3,
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(modelyard.url).port),
      'modelyard.organization': 'platform',
      'modelyard.status': 'ok',
    },
  });
  expect(children.map(({ name }) => name).toSorted()).toEqual(['admit', 'authenticate', 'body', 'queue', 'resolve', 'upstream']);
  const upstream = named(children, 'upstream');
  expect(upstream).toMatchObject({ kind: CLIENT, attributes: { 'gen_ai.response.model': 'echo:1' } });
  expect(
    all
      .filter(({ parentSpanId }) => parentSpanId === upstream.spanId)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['answer', 'first_byte']);
  for (const { start, end, name } of all) {
    expect(BigInt(start), name).toBeGreaterThanOrEqual(BigInt(root.start));
    expect(BigInt(end), name).toBeLessThanOrEqual(BigInt(root.end));
    expect(BigInt(end), name).toBeGreaterThanOrEqual(BigInt(start));
  }
  expect(Math.abs(Number(BigInt(root.end) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  expect(named(all, 'queue').start).toBe(named(all, 'admit').end);
  expect(upstream.start).toBe(named(all, 'queue').end);
});

test('streams, embeddings, completions and tensors are traced by their own names and counts', async () => {
  const infer = { inputs: [{ name: 'x', datatype: 'FP32', shape: [3], data: [1, 2, 3] }] };
  const cases = [
    [CHAT, chatBody('echo', 'a b', { stream: true }), 'chat echo', { 'gen_ai.usage.output_tokens': 2 }],
    ['/v1/completions', { model: 'echo', prompt: 'a b' }, 'text_completion echo', { 'gen_ai.usage.output_tokens': 2 }],
    ['/v1/embeddings', { model: 'embedding', input: 'a b' }, 'embeddings embedding', { 'gen_ai.usage.input_tokens': 2 }],
    ['/v2/models/tensor/infer', infer, 'infer tensor', { 'modelyard.usage.rows': 3 }],
  ] as const;
  for (const [path, body, name, attributes] of cases) {
    const { root } = await traceOf(await idOf(await modelyard.call(path, { body })));
    expect(root).toMatchObject({ name, kind: SERVER, attributes });
  }
});

test("W3C trace context: a caller's trace goes on here and in the engine behind; its decision not to sample holds", async () => {
  await using engine = await fakeForeignUpstream(modelyard, 'behind', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}');
  });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const context = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=x,other=y' };
  const { root, all } = await traceOf(await idOf(await modelyard.call(CHAT, { body: chatBody('behind', 'x'), headers: context })));
  expect(root).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7', traceState: 'vendor=x,other=y' });
  expect(all).toHaveLength(9);
  expect(engine.received.at(-1)?.headers).toMatchObject({ traceparent: `00-${traceId}-${root.spanId}-01`, tracestate: 'vendor=x,other=y' });

  const quiet = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
  expect((await modelyard.call(CHAT, { body: chatBody('behind', 'x'), headers: { traceparent: `00-${quiet}-00f067aa0ba902b7-00` } })).status).toBe(200);
  expect(engine.received.at(-1)?.headers['traceparent']).toMatch(new RegExp(`^00-${quiet}-[0-9a-f]{16}-00$`));
  for (const traceparent of [
    'nonsense',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `ff-${traceId}-00f067aa0ba902b7-01`,
    `00-${traceId}-00f067aa0ba902b7-01-more`,
    'x'.repeat(5_000),
  ]) {
    const { root: other } = await traceOf(await idOf(await modelyard.call(CHAT, { body: chatBody('behind', 'x'), headers: { traceparent } })));
    expect(other.parentSpanId, traceparent.slice(0, 40)).toBe('');
  }
  expect(spans.some((span) => span.traceId === quiet)).toBe(false);
});

test('failures say their kind; those of the caller are not errors of the server, and strangers are not traced', async () => {
  const failed = async (type: string) => {
    const find = () => spans.find(({ attributes }) => attributes['error.type'] === type);
    await expect.poll(find, { timeout: 10_000, interval: 50 }).toBeDefined();
    return find();
  };
  expect((await modelyard.call(CHAT, { body: chatBody('echo', '[[error:500]]') })).status).toBe(502);
  expect(await failed('engine_error')).toMatchObject({ name: 'chat echo', kind: SERVER, status: ERROR, attributes: { 'http.response.status_code': 502 } });
  expect((await modelyard.call(CHAT, { body: chatBody('nobody', 'x') })).status).toBe(404);
  expect(await failed('model_not_found')).toMatchObject({ name: 'chat', status: 0, attributes: { 'http.response.status_code': 404 } });
  expect((await modelyard.call(CHAT, { body: chatBody('echo', 'x'), key: 'my_wrong' })).status).toBe(401);
  await traceOf(await idOf(await modelyard.call(CHAT, { body: chatBody('echo', 'last') })));
  expect(spans.some(({ attributes }) => attributes['http.response.status_code'] === 401)).toBe(false);
});

test('X1: neither prompts, answers nor keys are in what is sent', async () => {
  const secret = 'the-prompt-of-somebody';
  const { all } = await traceOf(
    await idOf(await modelyard.call(CHAT, { body: chatBody('echo', secret, { user: 'some-user' }), headers: { 'idempotency-key': 'key-of-a-caller' } })),
  );
  expect(all).toHaveLength(9);
  for (const { bytes } of spans) {
    const text = Buffer.from(bytes, 'base64').toString('latin1');
    for (const word of [secret, modelyard.key, 'some-user', 'key-of-a-caller']) expect(text).not.toContain(word);
  }
});

test('of calls without a decision the share is traced that was asked for; metrics say what became of spans; what is left is sent at the end', async () => {
  const none = await traced(0);
  await none.deployEcho('echo');
  const ids = await Promise.all(Array.from({ length: 10 }, async () => idOf(await none.call(CHAT, { body: chatBody('echo', 'x') }))));
  const asked = await idOf(await none.call(CHAT, { body: chatBody('echo', 'x'), headers: { traceparent: `00-${'b'.repeat(32)}-00f067aa0ba902b7-01` } }));
  await none.stop();
  expect(spans.some(({ attributes }) => attributes['modelyard.request.id'] === asked)).toBe(true);
  expect(spans.some(({ attributes }) => ids.includes(attributes['modelyard.request.id'] as string))).toBe(false);
  const metrics = await (await modelyard.call('/metrics')).text();
  expect(Number(/modelyard_spans_total\{outcome="exported"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(50);
  expect(metrics).toContain('modelyard_spans_total{outcome="dropped"} 0');
});

test('a collector that is away costs spans and nothing else', async () => {
  const away = await startHarness({ config: { otlp: { url: 'http://127.0.0.1:9/v1/traces', headers: {}, ratio: 1, serviceName: 'x' } } });
  await away.deployEcho('echo');
  for (let i = 0; i < 5; i++) expect((await away.call(CHAT, { body: chatBody('echo', 'x') })).status).toBe(200);
  await away.stop();
});
