import fc from 'fast-check';
import { anyJson, malformed } from './json.ts';
import { takesAway, type Target } from './targets.ts';

/** Bytes as they go over the wire. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly bytes: Buffer;
  /** No more comes: the rest of what was announced never does. */
  readonly isCut: boolean;
  /** Where it ends is for the server to judge, so nothing can be sent behind it. */
  readonly isLast: boolean;
}

export interface Names {
  /** Names and ids that exist. */
  readonly known: readonly string[];
  /** Some that may be taken away. */
  readonly spare: readonly string[];
  readonly keys: readonly (string | undefined)[];
}

const SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '%2E%2E%2Fetc',
  '..%2f..%2fetc%2fpasswd',
  'a%2fb%252fc',
  '%00',
  'echo%00',
  '%',
  '%zz',
  '%c0%af',
  '%ff%fe',
  '%F0%9F%A6%8A',
  'a//b',
  '',
  '%20',
  ';x=1',
  'x'.repeat(10_000),
  '%41'.repeat(3_000),
  '__proto__',
  'constructor',
  '-1',
  '99999999999999999999',
  'sha256:0',
  '0'.repeat(64),
  '\u00ff\u00fe',
  'org/name',
  'name:1',
  '{id}',
  '*',
  ':id',
  "'%20OR%201=1--",
];

const segment = fc.oneof(fc.constantFrom(...SEGMENTS), fc.string({ maxLength: 12 }).map(encodeURIComponent), fc.webSegment());
const queryValue = fc.oneof(
  fc.constantFrom(
    '',
    '%',
    '%00',
    '-1',
    '1e999',
    '99999999999999999999',
    '1.5',
    'true',
    'null',
    '%22',
    '[]',
    'x'.repeat(2_000),
    '2026-01-01',
    '9999-99-99',
    "'--",
    '%ff',
    'day',
    'model',
    '%f0%9f',
  ),
  fc.webQueryParameters(),
);

/** What a header must not be, or seldom is. */
const HEADERS: readonly string[] = [
  'content-length: 5\r\ncontent-length: 6',
  'content-length: -1',
  'content-length: 99999999999999999999',
  'content-length: 0x10',
  'transfer-encoding: chunked\r\ncontent-length: 3',
  'transfer-encoding: gzip',
  'transfer-encoding: chunked, identity',
  'x-long: ' + 'y'.repeat(8_000),
  'x-too-long: ' + 'y'.repeat(20_000),
  Array.from({ length: 120 }, (_, i) => `x-many-${i}: 1`).join('\r\n'),
  'x-nul: a\u0000b',
  'x-folded: a\r\n b',
  ': no name',
  'no colon',
  'x space : 1',
  'expect: 100-continue',
  'expect: something-else',
  'upgrade: websocket\r\nconnection: upgrade',
  'upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQAAP__',
  'connection: close',
  'connection: keep-alive, x-request-timeout',
  'host: evil.example',
  'host: 127.0.0.1\r\nhost: 127.0.0.1',
  'host:',
  'authorization: Basic Og==',
  'authorization: Bearer',
  'authorization: Bearer a b c',
  'authorization: Bearer my_' + '0'.repeat(5_000),
  'authorization: Bearer x\r\nauthorization: Bearer y',
  'x-request-timeout: -1',
  'x-request-timeout: NaN',
  'x-request-timeout: 1e999',
  'idempotency-key:',
  'idempotency-key: ' + 'k'.repeat(5_000),
  'idempotency-key: \u00ff\u00fe',
  'range: bytes=0-0,1-1,2-2',
  'content-range: bytes 5-1/3',
  'content-range: bytes 0-99999999999999/99999999999999',
  'accept-encoding: gzip;q=nan, *;q=0',
  'accept: ,,,;;',
  'x-forwarded-for: 127.0.0.1, \u00ff',
  'traceparent: 00-zz-zz-zz',
  'inference-header-content-length: 5',
  'inference-header-content-length: -1',
  'inference-header-content-length: 99999999999',
  'inference-header-content-length: 0',
  'inference-header-content-length: 1.5',
  'origin: null\r\naccess-control-request-method: TRACE',
];
const TYPES = [
  'application/json',
  'text/plain',
  'application/xml',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'application/x-www-form-urlencoded',
  '*/*',
  '/',
  ';',
  'application/vnd.api+json',
  'x'.repeat(500),
  'application/x-ndjson',
  'text/csv',
];
const ENCODINGS = ['gzip', 'br', 'deflate', 'zstd', 'identity', 'gzip, gzip', 'x', 'compress'];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'BREW', 'M'.repeat(200)];

/** One malformed request of a route. The same seed gives the same ones. */
export function requestsOf(target: Target, names: Names): fc.Arbitrary<RawRequest> {
  // A right DELETE of what the other routes are called with is no malformed request.
  const others = METHODS.filter((method) => takesAway(target) || !target.path.includes('{') || !takesAway({ ...target, method }));
  return fc
    .record({
      path: paths(target, names),
      method: fc.oneof({ weight: 30, arbitrary: fc.constant(target.method) }, { weight: 1, arbitrary: fc.constantFrom(...others) }),
      key: fc.oneof({ weight: 5, arbitrary: fc.constant(names.keys[0]) }, { weight: 4, arbitrary: fc.constantFrom(...names.keys) }),
      body: bodies(target, names),
      headers: fc.oneof({ weight: 4, arbitrary: fc.constant<string[]>([]) }, { weight: 1, arbitrary: fc.array(fc.constantFrom(...HEADERS), { minLength: 1, maxLength: 3 }) }),
      type: fc.oneof({ weight: 12, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: fc.constantFrom(...TYPES) }),
      encoding: fc.oneof({ weight: 20, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(...ENCODINGS) }),
      framing: fc.oneof(
        { weight: 20, arbitrary: fc.constant('length' as const) },
        { weight: 3, arbitrary: fc.constant('chunked' as const) },
        { weight: 1, arbitrary: fc.constantFrom('short' as const, 'long' as const, 'bad-chunk' as const, 'cut-chunk' as const) },
      ),
      version: fc.oneof(
        { weight: 60, arbitrary: fc.constant('HTTP/1.1') },
        { weight: 1, arbitrary: fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', '', 'GARBAGE') },
      ),
    })
    .map(encoded);
}

interface Body {
  readonly bytes: Buffer;
  /** What the body needs said of it. */
  readonly header?: string;
}

interface Parts {
  readonly path: string;
  readonly method: string;
  readonly key: string | undefined;
  readonly body: Body | undefined;
  readonly headers: readonly string[];
  readonly type: string;
  readonly encoding: string;
  readonly framing: 'length' | 'chunked' | 'short' | 'long' | 'bad-chunk' | 'cut-chunk';
  readonly version: string;
}

function encoded({ path, method, key, body, headers, type, encoding, framing, version }: Parts): RawRequest {
  const lines = [`${method} ${path} ${version}`.trimEnd(), ...(headers.some((line) => line.startsWith('host:')) ? [] : ['host: 127.0.0.1']), ...headers];
  if (key !== undefined && !headers.some((line) => line.startsWith('authorization'))) lines.push(`authorization: Bearer ${key}`);
  if (encoding !== '') lines.push(`content-encoding: ${encoding}`);
  if (body?.header !== undefined) lines.push(body.header);
  const sent = body ? framed(body.bytes, framing) : undefined;
  // Node reads no further where it has passed over an upgrade and the body behind it is broken: it waits until the request times out.
  const isStuck = framing === 'bad-chunk' && headers.some((line) => line.startsWith('upgrade:'));
  if (sent) lines.push(`content-type: ${type}`, sent.header);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return {
    method,
    path,
    bytes: sent ? Buffer.concat([head, sent.bytes]) : head,
    isCut: framing === 'short' || framing === 'cut-chunk' || isStuck,
    isLast: headers.length > 0 || version !== 'HTTP/1.1' || !['length', 'chunked'].includes(framing),
  };
}

function framed(body: Buffer, framing: Parts['framing']): { readonly header: string; readonly bytes: Buffer } {
  const chunk = (bytes: Buffer) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const half = body.length >> 1;
  switch (framing) {
    case 'length':
      return { header: `content-length: ${body.length}`, bytes: body };
    case 'short':
      return { header: `content-length: ${body.length + 10}`, bytes: body };
    case 'long':
      return { header: `content-length: ${half}`, bytes: body };
    case 'chunked': {
      const parts = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
      return { header: 'transfer-encoding: chunked', bytes: Buffer.concat([...parts.map(chunk), Buffer.from('0\r\nx-trailer: 1\r\n\r\n')]) };
    }
    case 'bad-chunk':
      return { header: 'transfer-encoding: chunked', bytes: Buffer.concat([Buffer.from('zz\r\n'), body, Buffer.from('\r\n-5\r\n')]) };
    case 'cut-chunk':
      return { header: 'transfer-encoding: chunked', bytes: chunk(body).subarray(0, -3) };
  }
}

function paths(target: Target, names: Names): fc.Arbitrary<string> {
  const existing = takesAway(target) ? names.spare : names.known;
  const count = target.path.split('{').length - 1;
  const one = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...existing).map(encodeURIComponent) }, { weight: 2, arbitrary: segment });
  const pair = fc.tuple(fc.oneof(fc.constantFrom(...(target.query.length > 0 ? target.query : ['x'])), segment), queryValue).map(([name, value]) => `${name}=${value}`);
  const query = fc.oneof(
    fc.constant(''),
    fc.array(pair, { maxLength: 4 }).map((pairs) => (pairs.length > 0 ? `?${pairs.join('&')}` : '?')),
  );
  const end = fc.oneof({ weight: 20, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom('/', '//', '/..', '%2f', '#x', '\\', '.json') });
  return fc.tuple(fc.array(one, { minLength: count, maxLength: count }), end, query).map(([values, rest, search]) => {
    let i = 0;
    // A space would end the request line; the others are the server's to judge.
    return (target.path.replaceAll(/\{[^}]+\}/g, () => values[i++] ?? '') + rest + search).replaceAll(' ', '%20');
  });
}

function bodies(target: Target, names: Names): fc.Arbitrary<Body | undefined> {
  const json = target.body ? malformed(target.body, names.known) : anyJson;
  const text = json.map((value) => Buffer.from(value));
  const none = fc.constant(undefined);
  const takesBody = target.body !== undefined || target.takesBytes || target.method !== 'GET';
  const odd = fc.oneof(
    anyJson.map((value) => Buffer.from(value)),
    fc.tuple(text, fc.double({ min: 0, max: 1, noNaN: true })).map(([bytes, share]) => bytes.subarray(0, Math.floor(bytes.length * share))),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(text, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 })).map(([bytes, at, more]) => spliced(bytes, at, more)),
    text.map((bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])),
    text.map((bytes) => Buffer.from(bytes.toString(), 'utf16le')),
    fc.integer({ min: 60, max: 20_000 }).chain((depth) => fc.constantFrom('[', '{"a":').map((open) => Buffer.from(open.repeat(depth)))),
    fc.integer({ min: 1, max: 2_000 }).map((count) => Buffer.from(`{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(',')}}`)),
    fc.constant(Buffer.alloc(0)),
  );
  const plain = (bytes: Buffer): Body => ({ bytes });
  return fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Body | undefined> }[]>(
    { weight: takesBody ? 6 : 1, arbitrary: text.map(plain) },
    { weight: takesBody ? 3 : 1, arbitrary: odd.map(plain) },
    { weight: takesBody ? 1 : 8, arbitrary: none },
    { weight: target.path.endsWith('/infer') ? 8 : 0, arbitrary: tensors },
  );
}

function spliced(bytes: Buffer, at: number, more: Uint8Array): Buffer {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  return Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)]);
}

const sizes = fc.oneof(fc.nat(40), fc.constantFrom(-1, 0, 1, 2 ** 31, 2 ** 53, 1.5, 1e300, '8', null));
const lie = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: sizes });

/** A tensor request whose sizes, shapes and types say something else than its bytes. */
const tensors: fc.Arbitrary<Body> = fc
  .record({
    name: fc.constantFrom('x', '', 'y', '\u0000', 'x'.repeat(3_000)),
    datatype: fc.constantFrom('FP32', 'FP64', 'INT8', 'INT64', 'UINT64', 'BOOL', 'BYTES', 'FP16', 'BF16', 'STRING', '', 'fp32', 1, null),
    shape: fc.oneof(
      fc.array(sizes, { maxLength: 4 }),
      fc.constantFrom(
        [2],
        [-1],
        [1e9, 1e9, 1e9],
        [2 ** 32, 2 ** 32],
        Array.from({ length: 500 }, () => 1),
        'x',
        null,
      ),
    ),
    data: fc.oneof(fc.array(fc.oneof(fc.integer(), fc.double(), fc.constantFrom(null, 'x', [], [1, [2]])), { maxLength: 6 }), fc.constant(undefined)),
    binary: lie,
    bytes: fc.uint8Array({ maxLength: 40 }),
    off: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1, 40, -1e9, undefined) }),
    outputs: fc.oneof(
      fc.constant(undefined),
      fc.constantFrom([], [{}], [{ name: 'y', parameters: { binary_data: true } }], [{ name: 'nope' }], [{ name: 'y', parameters: { classification: -1 } }], 'x'),
    ),
  })
  .map(({ name, datatype, shape, data, binary, bytes, off, outputs }) => {
    const input = { name, datatype, shape, ...(data && { data }), ...(binary !== undefined && { parameters: { binary_data_size: binary } }) };
    const json = Buffer.from(JSON.stringify({ inputs: [input], ...(outputs !== undefined && { outputs }) }));
    return { bytes: Buffer.concat([json, bytes]), ...(off !== undefined && { header: `inference-header-content-length: ${json.length + off}` }) };
  });
