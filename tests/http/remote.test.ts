import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { readEvents, said, usageOf, whileAdvancing } from './support.ts';

/** STAND-IN for somebody else's server: raw TCP, so that it can send what no HTTP library would. */
class ForeignServer {
  readonly requests: string[] = [];
  answer: (socket: Socket, request: string) => void = () => undefined;
  readonly #server: Server = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      const request = text;
      text = '';
      if (request.startsWith('GET /v1/models ')) return void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      this.requests.push(request);
      this.answer(socket, request);
    });
  });

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get last(): { head: string; body: Record<string, unknown> } {
    const [head = '', body = ''] = (this.requests.at(-1) ?? '').split('\r\n\r\n');
    return { head, body: JSON.parse(body) as Record<string, unknown> };
  }

  close(): void {
    this.#server.close();
  }
}

const SECRET = 'sk-foreign-0123456789abcdef';
const foreign = new ForeignServer();
const clock = new FakeClock();
let modelyard: Harness;
let port: number;
let calls = 0;
beforeAll(async () => {
  port = await foreign.start();
  modelyard = await startHarness({ file: { egress: { allow: [`127.0.0.1:${port}`] } } });
  await set('theirs', { url: `http://127.0.0.1:${port}/v1/`, dialect: 'openai', credential: SECRET });
  await publish('far', { remote: 'theirs', task: 'chat', model: 'their/model', contextLength: 1_000 });
  await modelyard.call('/api/v1/deployments', { body: { model: 'far' } });
  await modelyard.running.control.deployments.ready(modelyard.running.operator, 'far');
});
beforeEach(() => {
  foreign.requests.length = 0;
});
afterAll(async () => {
  await modelyard.stop();
  foreign.close();
});

const set = (name: string, body: Record<string, unknown>) => modelyard.call(`/api/v1/upstreams/${name}`, { method: 'PUT', body });
const publish = (name: string, engine: Record<string, unknown>, key?: string) =>
  modelyard.call('/api/v1/models', { body: { name, files: [], engine }, ...(key !== undefined && { key }) });
const ask = (more: Record<string, unknown> = {}) => {
  calls++;
  return modelyard.call('/v1/chat/completions', { body: chatBody('far', 'hello', more) });
};
const whole = (status: string, body: string, more = '') =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const events = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
const chunk = (content: string) =>
  `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}],"usage":null}\n\n`;
const USAGE = 'data: {"id":"c","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}\n\n';
const ANSWER = '{"choices":[{"message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}';
const lastRow = async () => (await usageOf(modelyard, 'far', calls))[0];

describe('a call of a remote model', () => {
  test('goes to the server with its own name for the model and our credential, and with nothing of who calls', async () => {
    foreign.answer = (socket) => socket.write(whole('200 OK', ANSWER));
    const response = await ask({ temperature: 0.5 });
    expect([response.status, await response.text()]).toEqual([200, ANSWER]);
    const { head, body } = foreign.last;
    expect(head).toContain('POST /v1/chat/completions HTTP/1.1');
    expect(head.toLowerCase()).toContain(`authorization: bearer ${SECRET}`);
    expect(head).not.toContain(modelyard.key);
    expect(head).not.toContain('x-modelyard');
    expect(body).toMatchObject({ model: 'their/model', temperature: 0.5 });
    expect(await lastRow()).toMatchObject({ promptTokens: 5, completionTokens: 1, estimated: false });
  });

  test('M12 C9: a stream is asked for its usage; the client that did not ask sees none of it', async () => {
    foreign.answer = (socket) => socket.end(`${events}${chunk('a')}${chunk(' b')}${USAGE}data: [DONE]\n\n`);
    const text = await (await ask({ stream: true })).text();
    expect(foreign.last.body['stream_options']).toEqual({ include_usage: true });
    expect(said(readEvents(text).chunks)).toBe('a b');
    expect(text).not.toContain('usage');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await lastRow()).toMatchObject({ promptTokens: 7, completionTokens: 2, estimated: false });
  });

  test('the client that did ask gets what the server sends', async () => {
    foreign.answer = (socket) => socket.end(`${events}${chunk('a')}${USAGE}data: [DONE]\n\n`);
    const text = await (await ask({ stream: true, stream_options: { include_usage: true } })).text();
    expect(text).toBe(`${chunk('a')}${USAGE}data: [DONE]\n\n`);
  });

  test('M12: a server that tells no usage is estimated, and the row says so', async () => {
    foreign.answer = (socket) => socket.end(`${events}${chunk('a')}${chunk(' b')}data: [DONE]\n\n`);
    await (await ask({ stream: true })).text();
    expect(await lastRow()).toMatchObject({ completionTokens: 2, estimated: true });
  });

  test('M13: a client that leaves closes the connection; what had come is estimated and flagged', async () => {
    const closed = Promise.withResolvers<void>();
    foreign.answer = (socket) => {
      socket.write(events + chunk('a') + chunk(' b'));
      socket.once('close', () => closed.resolve());
    };
    const leave = new AbortController();
    calls++;
    const response = await modelyard.call('/v1/chat/completions', { body: chatBody('far', 'hello', { stream: true }), signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    await closed.promise;
    const row = await lastRow();
    expect(row).toMatchObject({ status: 'cancelled', estimated: true });
    expect(row?.completionTokens).toBeGreaterThan(0);
  });

  test.each([
    ['S8: a refused request is the client’s own', '400 Bad Request', 400, 1],
    ['S8: our credential refused is not the client’s 401', '401 Unauthorized', 502, 1],
    ['S8: nor is 403', '403 Forbidden', 502, 1],
    ['S8: a model that the server does not know is not the client’s mistake', '404 Not Found', 502, 1],
    ['S8: an input that can not be processed', '422 Unprocessable Entity', 422, 1],
    ['X14: a redirect is not followed', '302 Found', 502, 1],
  ])('%s', async (_name, status, expected, requests) => {
    foreign.answer = (socket) => socket.write(whole(status, `{"error":{"message":"key ${SECRET} of http://inner"}}`, 'location: http://169.254.169.254/\r\n'));
    const response = await ask();
    const text = await response.text();
    expect(response.status).toBe(expected);
    expect(foreign.requests).toHaveLength(requests);
    if (expected === 502) expect(text).not.toContain(SECRET);
    expect(await lastRow()).toMatchObject({ completionTokens: 0 });
  });

  test.each([
    ['S28: a stream that ends without its terminator', (socket: Socket) => socket.end(`${events}${chunk('a')}`), 'engine_crashed'],
    ['S27: a line without an end', (socket: Socket) => socket.write(`${events}data: ${'x'.repeat(3_000_000)}`), 'engine_crashed'],
    ['S27: a connection that breaks', (socket: Socket) => void socket.write(events + chunk('a'), () => socket.destroy()), 'engine_crashed'],
  ])('%s ends with an error event, not as if it were whole', async (_name, answer, code) => {
    foreign.answer = answer;
    const response = await ask({ stream: true });
    const text = await response.text();
    if (response.status !== 200) return expect([response.status, text]).toEqual([502, expect.stringContaining(code)]);
    expect(text).toContain(code);
    expect(text).not.toContain('[DONE]');
  });

  test.each([
    ['no HTTP', 'hello there\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: twelve\r\n\r\n{}'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`],
    ['broken chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}'],
  ])('S27: %s is a clean 502', async (_name, bytes) => {
    foreign.answer = (socket) => socket.end(bytes);
    const response = await ask();
    expect([response.status, await response.text()]).toEqual([502, expect.stringContaining('"error"')]);
  });
});

test('S7: a call whose connection to the server was lost is made once more by another replica, and not again', async () => {
  const own = await startHarness({ clock, file: { egress: { allow: [`127.0.0.1:${port}`] } } });
  try {
    await own.call('/api/v1/upstreams/theirs', { method: 'PUT', body: { url: `http://127.0.0.1:${port}/v1`, dialect: 'openai' } });
    await own.call('/api/v1/models', { body: { name: 'far', files: [], engine: { remote: 'theirs', task: 'chat' } } });
    await own.call('/api/v1/deployments', { body: { model: 'far', replicas: 3 } });
    await whileAdvancing(clock, own.running.control.deployments.ready(own.running.operator, 'far'));
    await whileAdvancing(
      clock,
      expect
        .poll(() => Object.values(own.running.control.deployments.get(own.running.operator, 'far').health)[0]?.replicas.filter(({ state }) => state === 'ready').length)
        .toBe(3),
    );
    foreign.answer = (socket) => socket.destroy();
    const lost = await whileAdvancing(clock, own.call('/v1/chat/completions', { body: chatBody('far', 'x') }));
    expect(lost.status).toBe(502);
    expect(foreign.requests).toHaveLength(2);
  } finally {
    await whileAdvancing(clock, own.stop());
  }
});

test('S8: after 429 with Retry-After the server is not called before', async () => {
  const own = await startHarness({ clock, file: { egress: { allow: [`127.0.0.1:${port}`] } } });
  try {
    await own.call('/api/v1/upstreams/theirs', { method: 'PUT', body: { url: `http://127.0.0.1:${port}/v1`, dialect: 'openai' } });
    await own.call('/api/v1/models', { body: { name: 'far', files: [], engine: { remote: 'theirs', task: 'chat' } } });
    await own.call('/api/v1/deployments', { body: { model: 'far' } });
    await whileAdvancing(clock, own.running.control.deployments.ready(own.running.operator, 'far'));
    foreign.answer = (socket) => socket.write(whole('429 Too Many Requests', '{"error":{"message":"slow"}}', 'retry-after: 7\r\n'));
    const first = await own.call('/v1/chat/completions', { body: chatBody('far', 'x') });
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
    const before = foreign.requests.length;
    await clock.advance(1_000);
    const second = await own.call('/v1/chat/completions', { body: chatBody('far', 'x') });
    expect(second.status).toBe(503);
    expect(foreign.requests).toHaveLength(before);
    await clock.advance(6_500);
    foreign.answer = (socket) => socket.write(whole('200 OK', ANSWER));
    expect((await own.call('/v1/chat/completions', { body: chatBody('far', 'x') })).status).toBe(200);
  } finally {
    await whileAdvancing(clock, own.stop());
  }
});

describe('upstreams', () => {
  test('X16 X2: a credential is never shown again, is sealed in the table, and opens for its own origin only', async () => {
    const list = await (await modelyard.call('/api/v1/upstreams')).text();
    expect(JSON.parse(list)).toMatchObject({ data: [{ name: 'theirs', url: `http://127.0.0.1:${port}/v1`, credential: { set: true, lastFour: 'cdef' } }] });
    expect(list).not.toContain(SECRET);
    const feed = JSON.stringify(await (await modelyard.call('/api/v1/deployments/far')).json());
    expect(feed).not.toContain(SECRET);
    expect(feed).not.toContain('sealed');
  });

  test('X12 X13: an address that the operator has not opened is refused, and nothing is sent', async () => {
    for (const url of [
      'http://127.0.0.1:1/v1',
      'http://169.254.169.254/v1',
      'http://[::1]:9/v1',
      'file:///etc/passwd',
      `http://user:pw@127.0.0.1:${port}/v1`,
      `http://127.0.0.1:${port}/v1?x=1`,
    ]) {
      const response = await set('bad', { url, dialect: 'openai' });
      expect(response.status, url).toBe(400);
    }
  });

  test('only operators name servers, and publish what costs them', async () => {
    await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
    const { key } = await modelyard.makeKey({ name: 'p', org: 'acme', scopes: ['models.write', 'models.read'] });
    expect((await modelyard.call('/api/v1/upstreams', { key })).status).toBe(403);
    const refused = await publish('acme/far', { remote: 'theirs', task: 'chat' }, key);
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('operators_only')]);
  });

  test('one that a deployment is served by is not removed; what can not be served is not published', async () => {
    expect((await modelyard.call('/api/v1/upstreams/theirs', { method: 'DELETE' })).status).toBe(409);
    for (const engine of [
      { remote: 'nobody', task: 'chat' },
      { remote: 'theirs', task: 'tensor' },
      { remote: 'theirs' },
      { remote: 'theirs', command: 'x' },
      {},
      { command: 'nothing', task: 'chat' },
    ])
      expect((await publish('odd', engine)).status, JSON.stringify(engine)).toBe(400);
  });
});
