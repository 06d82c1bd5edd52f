import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { parseAddress } from '../base/ip.ts';
import { parseAllow } from './allow.ts';
import { Egress, type MadeBy, type OutgoingRequest } from './egress.ts';
import type { OutgoingAnswer, PinnedRequest } from './exchange.ts';

const PUBLIC = '93.184.215.14';
const OK: OutgoingAnswer = { status: 200, headers: {}, body: Buffer.from('ok'), truncated: false };

/** An egress whose questions for names and whose requests are counted, and go nowhere. */
function counted(answers: Readonly<Record<string, readonly (readonly string[])[]>> = {}, allow: readonly string[] = []) {
  const asked: string[] = [];
  const sent: PinnedRequest[] = [];
  const replies: OutgoingAnswer[] = [];
  const egress = new Egress({
    clock: systemClock,
    allow: parseAllow(allow),
    async resolve(host) {
      const turn = asked.filter((name) => name === host).length;
      asked.push(host);
      const found = answers[host]?.[turn] ?? answers[host]?.at(-1);
      if (!found) throw new Error('ENOTFOUND');
      return found;
    },
    async exchange(request) {
      sent.push(request);
      return replies.shift() ?? OK;
    },
  });
  const get = (url: string, madeBy: MadeBy = 'operator', more: Partial<OutgoingRequest> = {}) => egress.send({ url, madeBy, method: 'GET', ...more });
  return { egress, asked, sent, replies, get };
}

const addressesOf = ({ addresses }: PinnedRequest) => addresses;

const NEVER_ASKED = [
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '0.0.0.0',
  '0',
  '[::]',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[fe80::1]',
  '[fe80::1%25eth0]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::169.254.169.254]',
  '64:ff9b::7f00:1',
  '[2002:7f00:1::]',
  '[fec0::1]',
  '[fc00::1]',
  '[ff02::1]',
  '169.254.169.254',
  '169.254.1.1',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '168.63.129.16',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'metadata',
  'localhost',
  'localhost.',
  'a.localhost',
  'db.internal',
  'intranet',
  '100.64.0.1',
  '100.127.255.255',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  'user@example.com',
  'user:pass@example.com',
  'example.com:pass@127.0.0.1',
  'example.com:22',
  'example.com:25',
  'example.com:6379',
  'example.com:0',
  'exa%6dple.com%00',
  'example.com\\@127.0.0.1',
  '-bad-.example.com',
  'a..example.com',
  '',
];
const WHOLE = [
  'file:///etc/passwd',
  'gopher://example.com/',
  'data:text/plain,x',
  'ftp://example.com/',
  'javascript:alert(1)',
  'ws://example.com/',
  'http://example.com/',
  '//example.com/',
  'example.com',
  ' https://example.com/',
  'https://example.com/\nx',
  `https://example.com/${'a'.repeat(3_000)}`,
];

test('X12: no address of our own, of a private network or of a metadata service is reached, however it is written, and no name is asked for', async () => {
  const { get, asked, sent } = counted({ 'example.com': [[PUBLIC]] });
  for (const madeBy of ['operator', 'tenant'] as const) {
    for (const host of NEVER_ASKED) {
      for (const scheme of ['http', 'https']) await expect(get(`${scheme}://${host}/hook`, madeBy), `${scheme}://${host}`).rejects.toMatchObject({ code: 'egress_refused' });
    }
    for (const url of WHOLE) await expect(get(url, madeBy), url).rejects.toMatchObject({ code: 'egress_refused' });
  }
  expect([asked, sent]).toEqual([[], []]);
});

test('X12: a name that nobody knows, or that leads to a closed address, is refused by the same words: nothing is sent', async () => {
  const { get, sent } = counted({
    'inner.example.com': [['10.1.2.3']],
    'meta.example.com': [['169.254.169.254']],
    'odd.example.com': [['fe80::1%eth0']],
    'empty.example.com': [[]],
  });
  const words = new Set<string>();
  for (const name of ['inner', 'meta', 'odd', 'empty', 'unknown']) {
    words.add(
      await get(`https://${name}.example.com/`, 'tenant').then(
        () => 'sent',
        (error: Error) => error.message,
      ),
    );
  }
  expect([...words]).toEqual(['The URL is refused: it does not lead to public addresses only.']);
  expect(sent).toEqual([]);
});

test('X12: public addresses are reached over https, once each, with what was asked for', async () => {
  const { get, sent, asked } = counted({ 'example.com': [[PUBLIC, '2606:2800:21f:cb07:6820:80da:af6b:8b2c']], 'v6only.example.com': [['64:ff9b::5db8:d70e']] });
  for (const url of ['https://example.com/hook?a=1#part', `https://${PUBLIC}/`, 'https://v6only.example.com:8443/']) expect(await get(url, 'tenant')).toEqual(OK);
  expect(asked).toEqual(['example.com', 'v6only.example.com']);
  expect(sent.map(({ url }) => url.href)).toEqual(['https://example.com/hook?a=1', `https://${PUBLIC}/`, 'https://v6only.example.com:8443/']);
  expect(sent.map((request) => addressesOf(request).length)).toEqual([2, 1, 1]);
});

test("X12: only the operator's list opens a private address, for what an operator made; link-local and metadata never", async () => {
  const answers = { 'hooks.corp.internal': [['10.1.2.3']], localhost: [['::1', '127.0.0.1']], 'sly.example.com': [['169.254.169.254']], 'other.example.com': [['10.9.9.9']] };
  const { get, sent } = counted(answers, ['hooks.corp.internal:8443', 'localhost:9000', '[::1]:9001', '192.168.0.0/16', '169.254.0.0/16', 'sly.example.com:443', '10.0.0.5:6379']);
  for (const url of ['https://hooks.corp.internal:8443/', 'http://localhost:9000/', 'http://[0:0::1]:9001/', 'http://192.168.7.7:8080/', 'https://192.168.7.7/']) {
    await expect(get(url, 'operator'), url).resolves.toEqual(OK);
    await expect(get(url, 'tenant'), url).rejects.toMatchObject({ code: 'egress_refused' });
  }
  const before = sent.length;
  for (const url of [
    'https://hooks.corp.internal/',
    'http://localhost:9001/',
    'http://169.254.169.254/',
    'https://sly.example.com/',
    'https://other.example.com/',
    'http://10.0.0.5:6379/',
    `http://${PUBLIC}/`,
  ]) {
    await expect(get(url, 'operator'), url).rejects.toMatchObject({ code: 'egress_refused' });
  }
  expect(sent.length).toBe(before);
});

test('an entry of egress.allow that is neither host:port nor a network is refused by name', () => {
  for (const entry of ['localhost', 'http://localhost:80', '10.0.0.0/33', '10.0.0.1:99999', 'a b:80', '*:80', '']) expect(() => parseAllow([entry]), entry).toThrow(entry);
});

test('X13: a name is asked for once, and the connection goes to the address that was checked, whatever the name means later', async () => {
  const { get, asked, sent } = counted({ 'rebind.example.com': [[PUBLIC], ['127.0.0.1']] });
  await get('https://rebind.example.com/', 'tenant');
  expect(asked).toHaveLength(1);
  expect(sent.map(addressesOf)).toEqual([[parseAddress(PUBLIC)]]);
  await expect(get('https://rebind.example.com/', 'tenant')).rejects.toMatchObject({ code: 'egress_refused' });
  expect(sent).toHaveLength(1);
});

test('X13: a name with a public and a private address is refused whole', async () => {
  const { get, sent } = counted({ 'both.example.com': [[PUBLIC, '10.0.0.1']], 'many.example.com': [[...Array<string>(64).fill(PUBLIC), '127.0.0.1']] });
  await expect(get('https://both.example.com/', 'tenant')).rejects.toMatchObject({ code: 'egress_refused' });
  await expect(get('https://many.example.com/', 'tenant')).rejects.toMatchObject({ code: 'egress_refused' });
  expect(sent).toEqual([]);
});

async function listening(handle: RequestListener) {
  const requests: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      handle(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, requests, [Symbol.asyncDispose]: close };
}

/** Real requests, to a name that only our resolver knows. */
function real(port: number, resolve: () => Promise<readonly string[]> = async () => ['127.0.0.1']) {
  const egress = new Egress({ clock: systemClock, allow: parseAllow([`pinned.test:${port}`]), resolve });
  return (path: string, more: Partial<OutgoingRequest> = {}) => egress.send({ url: `http://pinned.test:${port}${path}`, madeBy: 'operator', method: 'GET', ...more });
}

test('X13: what is connected to is what our one question was answered with; the Host header stays the name', async () => {
  await using server = await listening((_request, response) => response.end('here'));
  const get = real(server.port);
  const answer = await get('/a?b=c', { method: 'POST', body: '{"x":1}', headers: { 'content-type': 'application/json' } });
  expect([answer.status, answer.body.toString(), answer.truncated]).toEqual([200, 'here', false]);
  expect(server.requests).toMatchObject([{ method: 'POST', url: '/a?b=c', body: '{"x":1}', headers: { host: `pinned.test:${server.port}`, 'content-type': 'application/json' } }]);
});

test('X14: a redirect to a metadata service is not followed: it is the answer', async () => {
  await using server = await listening((_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end());
  const get = real(server.port);
  expect((await get('/', { headers: { authorization: 'Bearer secret' } })).status).toBe(302);
  await expect(get('/', { redirectsMax: 3 })).rejects.toMatchObject({ code: 'egress_refused' });
  expect(server.requests).toHaveLength(2);
});

test('X14: redirects that are allowed stay within one https origin, are checked anew, and are bounded', async () => {
  const { get, sent, asked, replies } = counted({ 'example.com': [[PUBLIC]], 'other.example.com': [[PUBLIC]], 'turning.example.com': [[PUBLIC], ['10.0.0.1']] });
  const to = (location: string): OutgoingAnswer => ({ ...OK, status: 302, headers: { location } });
  replies.push(to('/there'), OK);
  expect(await get('https://example.com/here', 'tenant', { redirectsMax: 1 })).toEqual(OK);
  expect(sent.map(({ url }) => url.pathname)).toEqual(['/here', '/there']);
  expect(asked).toHaveLength(2);
  for (const location of ['https://other.example.com/', 'http://example.com/', 'https://example.com:8443/', '//other.example.com/', 'file:///etc/passwd', '\\\\evil']) {
    replies.push(to(location));
    await expect(get('https://example.com/', 'tenant', { redirectsMax: 1, headers: { authorization: 'x' } }), location).rejects.toMatchObject({ code: 'egress_refused' });
  }
  replies.push(to('/again'), to('/again'));
  expect((await get('https://example.com/', 'tenant', { redirectsMax: 1 })).status).toBe(302);
  replies.push(to('/x'));
  await expect(get('https://turning.example.com/', 'tenant', { redirectsMax: 1 })).rejects.toMatchObject({ code: 'egress_refused' });
  expect(sent.filter(({ url }) => url.host === 'other.example.com')).toEqual([]);
});

test('an answer is read up to its bound and waited for up to its time; a connection that fails says how', async () => {
  await using server = await listening((request, response) => {
    if (request.url === '/long') response.end('x'.repeat(100_000));
  });
  const get = real(server.port);
  const long = await get('/long', { answerBytesMax: 1_000 });
  expect([long.body.length, long.truncated]).toEqual([1_000, true]);
  await expect(get('/hang', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'egress_timeout', message: 'No answer came within 0.05 s.' });
  await expect(real(server.port, () => new Promise(() => undefined))('/', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'egress_timeout' });
  await expect(real(9)('/')).rejects.toMatchObject({ code: 'egress_refused' });
  await expect(get('/', { signal: AbortSignal.abort(new Error('given up')) })).rejects.toThrow('given up');
  const gone = await listening(() => undefined);
  await gone[Symbol.asyncDispose]();
  await expect(real(gone.port)('/')).rejects.toMatchObject({ code: 'egress_failed', message: 'No answer came from pinned.test: ECONNREFUSED.' });
});
