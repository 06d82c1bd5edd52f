import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { EngineUpstream } from './engine-upstream.ts';
import type { Upstream, UpstreamControl } from './upstream.ts';

/** A real server of raw TCP: `answer` is what it does once it has a whole request. */
async function served(answer: (socket: Socket, request: string) => void) {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(text)?.[1]);
      if (end < 0 || text.length < end + 4 + length) return;
      const request = text;
      text = '';
      answer(socket, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = new FakeClock();
  const upstream = new EngineUpstream({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, token: 'secret' }, clock);
  open.push(async () => {
    server.close();
    await upstream.close();
  });
  return { upstream, clock, connections: () => connections };
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

interface Answer {
  status: number;
  body: string;
  error: string | undefined;
}

function call(upstream: Upstream, body: string | readonly string[] = 'hello', onData: (control: UpstreamControl) => void = () => undefined): Promise<Answer> {
  const answer: Answer = { status: 0, body: '', error: undefined };
  return new Promise((resolve) => {
    upstream.send(
      { path: '/call', headers: ['x-request-id', 'r'], body: typeof body === 'string' ? Buffer.from(body) : body.map((piece) => Buffer.from(piece)) },
      {
        begun: () => undefined,
        head: (status) => (answer.status = status),
        data: (bytes, control) => {
          answer.body += bytes.toString();
          onData(control);
        },
        ended: (error) => resolve({ ...answer, error: error?.message }),
      },
    );
  });
}

const ok = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

test('a connection is used again, one call at a time, and each request is whole with its token', async () => {
  const requests: string[] = [];
  const { upstream, connections } = await served((socket, request) => {
    requests.push(request);
    socket.write(ok('fine'));
  });
  const big = 'x'.repeat(200_000);
  for (const body of ['one', big, ['o', '', 'ne'], ['head', '', big]]) expect(await call(upstream, body)).toEqual({ status: 200, body: 'fine', error: undefined });
  expect(await Promise.all([call(upstream), call(upstream)])).toHaveLength(2);
  expect(connections()).toBe(2);
  expect(requests[0]).toContain('POST /call HTTP/1.1\r\n');
  expect(requests[0]).toContain('x-modelyard-engine-token: secret\r\n');
  expect(requests[0]?.endsWith('\r\n\r\none')).toBe(true);
  expect(requests[1]?.endsWith(`\r\n\r\n${big}`)).toBe(true);
  expect(requests[2]).toBe(requests[0]);
  expect(requests[3]?.endsWith(`\r\n\r\nhead${big}`)).toBe(true);
});

test('a connection that was idle for long, or whose answer said so, is not used again', async () => {
  const { upstream, clock, connections } = await served((socket, request) =>
    socket.write(request.includes('bye') ? 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok' : ok('ok')),
  );
  await call(upstream);
  await clock.advance(60_000);
  await call(upstream);
  expect(connections()).toBe(2);
  await call(upstream, 'bye');
  await call(upstream);
  expect(connections()).toBe(3);
});

test.each([
  ['closes in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 200, 'half', 'the engine closed the connection in the middle of its answer'],
  ['says nothing', '', 0, '', 'the engine closed the connection in the middle of its answer'],
  ['speaks no HTTP', 'hello\r\n\r\n', 0, '', 'no status line of HTTP/1.1'],
  ['says more than it should', `${ok('four')}HTTP/1.1 200 OK\r\n\r\n`, 200, 'four', 'bytes after the answer'],
])('an engine that %s fails the call, and its connection is closed', async (_name, text, status, body, error) => {
  const { upstream, connections } = await served((socket) => socket.end(text));
  expect(await call(upstream)).toEqual({ status, body, error });
  await call(upstream);
  expect(connections()).toBe(2);
});

test('nobody listening fails the call', async () => {
  const upstream = new EngineUpstream({ host: '127.0.0.1', port: 1, token: '' }, new FakeClock());
  expect((await call(upstream)).error).toContain('ECONNREFUSED');
});

test('a header that would end its line is not sent', async () => {
  const { upstream } = await served((socket) => socket.write(ok('fine')));
  const error = await new Promise((resolve) =>
    upstream.send(
      { path: '/', headers: ['x', 'a\r\nx-other: b'], body: Buffer.alloc(0) },
      { begun: () => undefined, head: () => undefined, data: () => undefined, ended: resolve },
    ),
  );
  expect(String(error)).toContain('a character that no header may have');
});

test('who wants a pause gets one: the engine is read no further until he goes on', async () => {
  const total = 8_000_000;
  let written = 0;
  const { upstream } = await served((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
    const more = () => {
      while (written < total) {
        written += 50_000;
        if (!socket.write('x'.repeat(50_000))) return void socket.once('drain', more);
      }
    };
    more();
  });
  const paused = Promise.withResolvers<UpstreamControl>();
  let isPaused = false;
  const answered = call(upstream, 'hello', (control) => {
    if (isPaused) return;
    isPaused = true;
    control.pause();
    paused.resolve(control);
  });
  const control = await paused.promise;
  // What the system's buffers take, the engine can write; then it waits.
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(written).toBeLessThan(total);
  control.resume();
  expect((await answered).body).toHaveLength(total);
});

test('a close waits for the calls that run', async () => {
  let answer: (() => void) | undefined;
  const asked = Promise.withResolvers<void>();
  const { upstream } = await served((socket) => {
    answer = () => socket.write(ok('late'));
    asked.resolve();
  });
  const answered = call(upstream);
  await asked.promise;
  let isClosed = false;
  const closed = upstream.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  answer?.();
  expect((await answered).body).toBe('late');
  await closed;
});
