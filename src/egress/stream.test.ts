import { expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { FakeClock } from '../../tests/fake-clock.ts';
import { file, redirect, startFileServer } from '../../tests/file-server.ts';
import { parseAllow } from './allow.ts';
import { Egress, type StreamRequest } from './egress.ts';

const HUB = 'hub.example.com';
const CDN = 'cdn.example.com';
const SECRETS = { authorization: 'Bearer secret', cookie: 'a=b', 'proxy-authorization': 'c', accept: 'x/y' };

async function world({ allow = [HUB, CDN], clock = systemClock }: { allow?: readonly string[]; clock?: FakeClock | typeof systemClock } = {}) {
  const server = await startFileServer([HUB, CDN]);
  const resolve = async (host: string) => (host === 'inner.example.com' ? ['10.0.0.1'] : ['127.0.0.1']);
  const egress = new Egress({ clock, allow: parseAllow(allow.map((host) => `${host}:${server.port}`)), resolve, caFile: server.caFile });
  const get = (path: string, more: Partial<StreamRequest> = {}) =>
    egress.stream({ url: server.url(HUB, path), madeBy: 'operator', redirectsMax: 3, idleMs: 60_000, headers: SECRETS, ...more });
  return { server, get, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function read(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const secretsOf = (headers: Readonly<Record<string, unknown>>) => ['authorization', 'cookie', 'proxy-authorization'].filter((name) => headers[name] !== undefined);

test('X14: a redirect to another origin is followed without what is secret, also back at the first origin; within one origin it goes along', async () => {
  await using it = await world();
  const { answers, url, requests } = it.server;
  answers.set(`${HUB}/a`, redirect('/b'));
  answers.set(`${HUB}/b`, redirect(url(CDN, '/c')));
  answers.set(`${CDN}/c`, redirect(url(HUB, '/d')));
  answers.set(`${HUB}/d`, file(Buffer.from('here')));
  const answer = await it.get('/a');
  expect((await read(answer.body)).toString()).toBe('here');
  expect(requests.map(({ host, path, headers }) => [host, path, secretsOf(headers).length, headers.accept])).toEqual([
    [HUB, '/a', 3, 'x/y'],
    [HUB, '/b', 3, 'x/y'],
    [CDN, '/c', 0, 'x/y'],
    [HUB, '/d', 0, 'x/y'],
  ]);
  expect(answer.hops.map(({ origin }) => new URL(origin).hostname)).toEqual([HUB, HUB, CDN, HUB]);
});

test('X14, X12: no redirect leads to http, to a metadata service, to a private address or to what is not opened; there are no more than told', async () => {
  await using it = await world({ allow: [HUB] });
  const { answers, url, requests, port } = it.server;
  for (const location of [
    `http://${HUB}:${port}/x`,
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/',
    'https://inner.example.com/',
    'https://127.0.0.1/',
    url(CDN, '/x'),
    'file:///etc/passwd',
    `https://user@${HUB}/`,
  ]) {
    answers.set(`${HUB}/a`, redirect(location));
    await expect(it.get('/a'), location).rejects.toMatchObject({ code: 'egress_refused' });
  }
  expect(new Set(requests.map(({ host, path }) => host + path))).toEqual(new Set([`${HUB}/a`]));
  answers.set(`${HUB}/a`, redirect('/a'));
  requests.length = 0;
  const answer = await it.get('/a', { redirectsMax: 2 });
  answer.close();
  expect([answer.status, requests.length]).toEqual([302, 3]);
});

test("X14: what the operator has opened is not open to a stranger's redirect; a server that is opened itself may name it", async () => {
  const ADDRESSES: Readonly<Record<string, string>> = { 'mirror.example.com': '10.0.0.8', 'within.example.com': '172.16.0.1' };
  const inner = 'https://10.0.0.7:8443/models/x';
  const opened: string[] = [];
  const egress = new Egress({
    clock: systemClock,
    allow: parseAllow(['10.0.0.7:8443', 'mirror.example.com:443', '172.16.0.0/12']),
    resolve: async (host) => [ADDRESSES[host] ?? '93.184.215.14'],
    async opening({ url }) {
      opened.push(url.href);
      const isInner = url.href === inner;
      return { status: isInner ? 200 : 302, headers: isInner ? {} : { location: inner }, body: (async function* () {})(), close: () => undefined };
    },
  });
  const get = (url: string) => egress.stream({ url, madeBy: 'operator', redirectsMax: 3, idleMs: 60_000 });
  await expect(get('https://stranger.example.com/x')).rejects.toMatchObject({ code: 'egress_refused' });
  for (const host of Object.keys(ADDRESSES)) expect((await get(`https://${host}/x`)).status, host).toBe(200);
  expect(opened).toEqual(['https://stranger.example.com/x', 'https://mirror.example.com/x', inner, 'https://within.example.com/x', inner]);
});

test('S31: that a name can not be asked for just now is for an operator to try again, and tells a tenant nothing', async () => {
  const egress = new Egress({
    clock: systemClock,
    allow: parseAllow([]),
    resolve: (host) => Promise.reject(Object.assign(new Error('no'), { code: host === 'hub.example.com' ? 'EAI_AGAIN' : 'ENOTFOUND' })),
  });
  const get = (madeBy: 'operator' | 'tenant', host = 'hub.example.com') => egress.stream({ url: `https://${host}/x`, madeBy, redirectsMax: 3, idleMs: 60_000 });
  await expect(get('operator')).rejects.toMatchObject({ kind: 'unavailable', code: 'egress_failed' });
  await expect(get('tenant')).rejects.toMatchObject({ code: 'egress_refused' });
  // That nobody has it is said at once.
  await expect(get('operator', 'hbu.example.com')).rejects.toMatchObject({ code: 'egress_refused' });
});

test('a certificate that nobody vouches for is refused, and a file of authorities that is not there is named', async () => {
  await using it = await world();
  it.server.answers.set(`${HUB}/a`, file(Buffer.from('here')));
  const allow = parseAllow([`${HUB}:${it.server.port}`]);
  const resolve = async () => ['127.0.0.1'];
  const ask = { url: it.server.url(HUB, '/a'), madeBy: 'operator', redirectsMax: 0, idleMs: 60_000 } as const;
  await expect(new Egress({ clock: systemClock, allow, resolve }).stream(ask)).rejects.toMatchObject({
    code: 'egress_failed',
    message: expect.stringContaining('SELF_SIGNED') as string,
  });
  await expect(new Egress({ clock: systemClock, allow, resolve, caFile: '/nowhere.pem' }).stream(ask)).rejects.toThrow('egress.caFile, /nowhere.pem');
  expect(it.server.requests).toEqual([]);
});

test('a body that breaks off, one that is silent, and one that nobody wants any more end with a reason', async () => {
  const clock = new FakeClock();
  await using it = await world({ clock });
  const bytes = Buffer.alloc(100_000, 'x');
  it.server.answers.set(`${HUB}/a`, file(bytes, { cuts: [50_000] }));
  await expect(read((await it.get('/a')).body)).rejects.toMatchObject({ code: 'egress_failed', kind: 'unavailable' });
  it.server.answers.set(`${HUB}/a`, file(bytes, { stalls: [50_000, 50_000] }));
  const silent = read((await it.get('/a')).body);
  let ended: unknown;
  silent.catch((error: unknown) => (ended = error));
  await expect.poll(() => clock.advance(60_001).then(() => ended)).toMatchObject({ code: 'egress_timeout', message: 'Nothing came for 60 s.' });
  const stop = new AbortController();
  const unwanted = read((await it.get('/a', { signal: stop.signal })).body);
  stop.abort(new Error('given up'));
  await expect(unwanted).rejects.toThrow('given up');
});
