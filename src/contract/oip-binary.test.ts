import { expect, test } from 'vitest';
import { Fault } from './errors.ts';
import {
  decodeInferReply,
  decodeInferRequest,
  decodeRawRequest,
  encodeInferReply,
  encodeInferRequest,
  parseHeaderLength,
  type InferReply,
  type WantedOutputs,
} from './oip-binary.ts';
import { jsonDepthExceeds } from './json-depth.ts';
import { checkAgainstSignature } from './oip-signature.ts';
import { packBytes } from './tensor-shape.ts';
import { DATATYPES, type Tensor, type TensorSignature } from './tensor.ts';

const ALL: WantedOutputs = { outputs: [], binaryOutputDefault: false };

function refusal(action: () => unknown): Fault {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return error as Fault;
  }
  throw new Error('nothing was thrown');
}

const request = (inputs: unknown, more: object = {}) => Buffer.from(typeof inputs === 'string' ? inputs : JSON.stringify({ inputs, ...more }));
const decode = (inputs: unknown, more: object = {}) => decodeInferRequest(request(inputs, more), undefined);
const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const parsed = (chunks: readonly Buffer[]) => JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;

/** One tensor of each datatype, with values that are easy to lose. */
const samples: readonly Tensor[] = [
  { name: 'BOOL', datatype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
  { name: 'UINT8', datatype: 'UINT8', shape: [2], data: Uint8Array.of(0, 255) },
  { name: 'UINT16', datatype: 'UINT16', shape: [2], data: bytes(Uint16Array.of(0, 65535)) },
  { name: 'UINT32', datatype: 'UINT32', shape: [2], data: bytes(Uint32Array.of(0, 4294967295)) },
  { name: 'UINT64', datatype: 'UINT64', shape: [2], data: bytes(BigUint64Array.of(0n, 2n ** 64n - 1n)) },
  { name: 'INT8', datatype: 'INT8', shape: [2], data: bytes(Int8Array.of(-128, 127)) },
  { name: 'INT16', datatype: 'INT16', shape: [2], data: bytes(Int16Array.of(-32768, 32767)) },
  { name: 'INT32', datatype: 'INT32', shape: [1, 2], data: bytes(Int32Array.of(-2147483648, 2147483647)) },
  { name: 'INT64', datatype: 'INT64', shape: [2, 1], data: bytes(BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n)) },
  { name: 'FP16', datatype: 'FP16', shape: [2], data: bytes(Uint16Array.of(0x3c00, 0x7e00)) },
  { name: 'BF16', datatype: 'BF16', shape: [2], data: bytes(Uint16Array.of(0x3f80, 0x7fc0)) },
  { name: 'FP32', datatype: 'FP32', shape: [2], data: bytes(Float32Array.of(0.1, -1e38)) },
  { name: 'FP64', datatype: 'FP64', shape: [2], data: bytes(Float64Array.of(0.1, 1e308)) },
  { name: 'BYTES', datatype: 'BYTES', shape: [3], data: packBytes([Buffer.from('a\0b'), Buffer.alloc(0), Buffer.from([0xff, 0xfe])]) },
  { name: 'empty', datatype: 'FP32', shape: [0, 4], data: new Uint8Array(0) },
];
const plain = (tensor: Tensor) => ({ ...tensor, shape: [...tensor.shape], data: Buffer.from(tensor.data).toString('hex') });

test('C70: every datatype goes through the binary form unchanged, request and reply', () => {
  expect(new Set(samples.map(({ datatype }) => datatype))).toEqual(new Set(DATATYPES));
  const { chunks, headerLength } = encodeInferRequest({ id: '7', inputs: samples, outputs: [{ name: 'y' }], binaryOutputDefault: true });
  const back = decodeInferRequest(Buffer.concat(chunks), headerLength);
  expect(back).toMatchObject({ id: '7', outputs: [{ name: 'y', binary: true }], binaryOutputDefault: true });
  expect(back.inputs.map(plain)).toEqual(samples.map(plain));
  const reply = encodeInferReply({ modelName: 'm', outputs: samples }, { outputs: [], binaryOutputDefault: true });
  expect(decodeInferReply(Buffer.concat(reply.chunks), reply.headerLength).outputs.map(plain)).toEqual(samples.map(plain));
});

test('C70: what has a JSON form goes through it unchanged', () => {
  const outputs = samples.filter(({ datatype, name }) => !['FP16', 'BF16'].includes(datatype) && name !== 'BYTES');
  const text = { name: 'text', datatype: 'BYTES', shape: [2], data: packBytes([Buffer.from('é\0'), Buffer.from('')]) } as const;
  const reply = encodeInferReply({ modelName: 'm', outputs: [...outputs, text] }, ALL);
  expect(reply).toMatchObject({ headerLength: undefined, contentType: 'application/json' });
  const body = Buffer.concat(reply.chunks);
  expect(decodeInferReply(body, undefined).outputs.map(plain)).toEqual([...outputs, text].map(plain));
  const asRequest = Buffer.from(body.toString().replace('"outputs"', '"inputs"'));
  expect(decodeInferRequest(asRequest, undefined).inputs.map(plain)).toEqual([...outputs, text].map(plain));
});

test('C70: decoded binary tensors are views of the body', () => {
  const { chunks, headerLength } = encodeInferRequest({ inputs: samples.slice(0, 1), outputs: [], binaryOutputDefault: false });
  const body = Buffer.concat(chunks);
  expect(decodeInferRequest(body, headerLength).inputs[0]?.data.buffer).toBe(body.buffer);
  expect(headerLength % 8).toBe(0);
});

test('C71: the header length counts bytes, also with names beyond ASCII', () => {
  const { chunks, headerLength } = encodeInferRequest({ inputs: [{ ...samples[0]!, name: '图像é' }], outputs: [], binaryOutputDefault: false });
  expect(decodeInferRequest(Buffer.concat(chunks), headerLength).inputs[0]?.name).toBe('图像é');
});

test('C71: a header length that is negative, fractional, too large or beyond the body is refused', () => {
  for (const value of ['-1', '1.5', 'abc', '', '99999999999999999999']) expect(refusal(() => parseHeaderLength(value)).kind).toBe('invalid_argument');
  expect(parseHeaderLength('0')).toBe(0);
  const body = request([]);
  for (const length of [-1, 0.5, 0, body.length + 1, 99_999_999_999, Number.NaN]) {
    expect(refusal(() => decodeInferRequest(body, length)).message).toContain('Inference-Header-Content-Length');
  }
});

const rawSignature = (...shapes: number[][]): TensorSignature => ({ inputs: shapes.map((shape, n) => ({ name: `x${n}`, datatype: 'FP32', shape })), outputs: [] });

test('C72: a raw request fills a single input, and is refused where the signature leaves a doubt', () => {
  expect(decodeRawRequest(Buffer.alloc(32), rawSignature([-1, 4])).inputs[0]).toMatchObject({ name: 'x0', shape: [2, 4] });
  expect(refusal(() => decodeRawRequest(Buffer.alloc(33), rawSignature([-1, 4]))).message).toContain('33');
  expect(refusal(() => decodeRawRequest(Buffer.alloc(32), rawSignature([1], [1], [1]))).message).toContain('exactly one input');
  expect(refusal(() => decodeRawRequest(Buffer.alloc(32), rawSignature([-1, -1]))).message).toContain('variable');
  const text = (shape: number[]): TensorSignature => ({ inputs: [{ name: 't', datatype: 'BYTES', shape }], outputs: [] });
  expect(Buffer.from(decodeRawRequest(Buffer.from('hi'), text([-1])).inputs[0]!.data).toString('latin1')).toBe('\x02\0\0\0hi');
  expect(refusal(() => decodeRawRequest(Buffer.from('hi'), text([2]))).message).toContain('[1]');
});

const two: InferReply = { modelName: 'm', modelVersion: '3', id: 'q', outputs: [samples[0]!, samples[1]!] };

test('C73: binary_data of an output overrides binary_data_output', () => {
  const wanted = decodeInferRequest(
    request([], { parameters: { binary_data_output: true }, outputs: [{ name: 'UINT8', parameters: { binary_data: false } }, { name: 'BOOL' }] }),
    undefined,
  );
  const reply = encodeInferReply(two, wanted);
  const head = JSON.parse(Buffer.concat(reply.chunks).subarray(0, reply.headerLength).toString()) as { outputs: unknown[] };
  expect(head.outputs).toEqual([
    { name: 'UINT8', datatype: 'UINT8', shape: [2], data: [0, 255] },
    { name: 'BOOL', datatype: 'BOOL', shape: [3], parameters: { binary_data_size: 3 } },
  ]);
  expect(reply.contentType).toBe('application/octet-stream');
});

test('C75: id and version are echoed; only wanted outputs come, in the wanted order; unknown and duplicate names are refused', () => {
  const reply = parsed(encodeInferReply(two, { outputs: [{ name: 'UINT8' }], binaryOutputDefault: false }).chunks);
  expect(reply).toMatchObject({ id: 'q', model_name: 'm', model_version: '3', outputs: [{ name: 'UINT8' }] });
  expect(refusal(() => encodeInferReply(two, { outputs: [{ name: 'z' }], binaryOutputDefault: false })).message).toContain("'z'");
  expect(refusal(() => decode([], { outputs: [{ name: 'a' }, { name: 'a' }] })).message).toContain('twice');
  expect(
    refusal(() =>
      decode([
        { name: 'a', datatype: 'INT8', shape: [0], data: [] },
        { name: 'a', datatype: 'INT8', shape: [0], data: [] },
      ]),
    ).message,
  ).toContain('twice');
});

test('C76: data that does not fit the shape is refused with both counts', () => {
  expect(refusal(() => decode([{ name: 'x', datatype: 'INT32', shape: [32], data: Array.from({ length: 40 }, () => 0) }])).message).toMatch(/expected 32 .* got 40/);
  expect(refusal(() => decode([{ name: 'x', datatype: 'INT32', shape: [2, 2], data: [[1, 2], [3]] }])).message).toContain('1 entries');
  expect(refusal(() => decode([{ name: 'x', datatype: 'INT32', shape: [2, 2], data: [[1, 2], 3] }])).message).toContain('flat or nest');
  expect(
    decode([
      {
        name: 'x',
        datatype: 'INT32',
        shape: [2, 2],
        data: [
          [1, 2],
          [3, 4],
        ],
      },
    ]).inputs[0]?.data.length,
  ).toBe(16);
  const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [8], parameters: { binary_data_size: 40 } }] }));
  expect(refusal(() => decodeInferRequest(Buffer.concat([head, Buffer.alloc(40)]), head.length)).message).toMatch(/40 bytes.*need 32/);
});

test('C76: binary sizes that lie about the body are refused', () => {
  const body = (size: unknown, rest: number) => {
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'UINT8', shape: [4], parameters: { binary_data_size: size } }] }));
    return [Buffer.concat([head, Buffer.alloc(rest)]), head.length] as const;
  };
  for (const [size, rest] of [
    [4, 3],
    [4, 5],
    [-4, 4],
    [4.5, 5],
    ['4', 4],
    [2 ** 60, 4],
  ] as const)
    refusal(() => decodeInferRequest(...body(size, rest)));
  expect(refusal(() => decodeInferRequest(body(4, 0)[0], undefined)).message).toContain('Inference-Header-Content-Length');
});

test('S24: a shape whose product overflows is refused without an allocation, as are negative dimensions', () => {
  const before = process.memoryUsage().arrayBuffers;
  for (const shape of [[2 ** 40, 2 ** 40], [2 ** 32, 2 ** 32], [-1], [-(2 ** 40), -(2 ** 40)], [1.5], [0, -1], ['4'], Array.from({ length: 17 }, () => 1)]) {
    refusal(() => decode([{ name: 'x', datatype: 'FP32', shape, data: [1] }]));
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'BYTES', shape, parameters: { binary_data_size: 4 } }] }));
    refusal(() => decodeInferRequest(Buffer.concat([head, Buffer.alloc(4)]), head.length));
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
});

test('C76: JSON nested 50 deep is read, 65 and 250,000 deep are refused', () => {
  const nested = (depth: number) => request(`{"inputs":[],"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
  expect(decodeInferRequest(nested(50), undefined).inputs).toEqual([]);
  expect(decodeInferRequest(nested(64), undefined).inputs).toEqual([]);
  for (const depth of [65, 250_000]) expect(refusal(() => decodeInferRequest(nested(depth), undefined)).code).toBe('json_too_deep');
});

test('S24: brackets inside strings do not count as depth', () => {
  for (const text of ['"[[[["', '"\\"[[[["', '"\\\\\\"[[[["', '{"[[[":"]]]"}']) expect(jsonDepthExceeds(Buffer.from(text), 3)).toBe(false);
  expect(jsonDepthExceeds(Buffer.from('["\\\\",[[['), 3)).toBe(true);
  expect(jsonDepthExceeds(Buffer.from('"never ends [[[[[['), 3)).toBe(false);
});

test('S24: an object with 10^6 keys is refused', () => {
  const keys = Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":0`).join(',');
  expect(refusal(() => decodeInferRequest(request(`{"inputs":[],${keys}}`), undefined)).message).toContain('keys');
});

const signature: TensorSignature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 2] },
    { name: 'b', datatype: 'INT64', shape: [1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};
const a: Tensor = { name: 'a', datatype: 'FP32', shape: [3, 2], data: new Uint8Array(24) };
const b: Tensor = { name: 'b', datatype: 'INT64', shape: [1], data: new Uint8Array(8) };

test('C77: missing and extra inputs are named', () => {
  checkAgainstSignature({ inputs: [b, a], outputs: [{ name: 'y' }] }, signature);
  expect(refusal(() => checkAgainstSignature({ inputs: [a], outputs: [] }, signature)).message).toContain("Missing input 'b'");
  expect(refusal(() => checkAgainstSignature({ inputs: [a, b, { ...a, name: 'c' }], outputs: [] }, signature)).message).toContain("Unknown input 'c'");
  expect(refusal(() => checkAgainstSignature({ inputs: [{ ...a, datatype: 'INT32' }, b], outputs: [] }, signature)).message).toContain('takes FP32');
  expect(refusal(() => checkAgainstSignature({ inputs: [{ ...a, shape: [2, 3] }, b], outputs: [] }, signature)).message).toContain('[-1,2]');
  expect(refusal(() => checkAgainstSignature({ inputs: [a, b], outputs: [{ name: 'z' }] }, signature)).message).toContain("Unknown output 'z'");
});

test('C78: an unknown datatype is refused and the known ones are listed', () => {
  expect(refusal(() => decode([{ name: 'x', datatype: 'INT322', shape: [1], data: [1] }])).message).toMatch(/'INT322'.*INT32, INT64/);
});

test('C79: INT64 and UINT64 beyond 2^53 are exact in JSON, in both directions', () => {
  const text =
    '{"inputs":[{"name":"i","datatype":"INT64","shape":[3],"data":[9007199254740993,-9223372036854775808,1]},' +
    '{"name":"u","datatype":"UINT64","shape":[2,1],"data":[[18446744073709551615],[0]]},{"name":"f","datatype":"FP64","shape":[1],"data":[9007199254740993]}]}';
  const { inputs } = decodeInferRequest(Buffer.from(text), undefined);
  expect(inputs.slice(0, 2).map(plain)).toEqual([
    plain({ name: 'i', datatype: 'INT64', shape: [3], data: bytes(BigInt64Array.of(9007199254740993n, -(2n ** 63n), 1n)) }),
    plain({ name: 'u', datatype: 'UINT64', shape: [2, 1], data: bytes(BigUint64Array.of(2n ** 64n - 1n, 0n)) }),
  ]);
  const back = Buffer.concat(encodeInferReply({ modelName: 'm', outputs: inputs }, ALL).chunks).toString();
  expect(back).toContain('[9007199254740993,-9223372036854775808,1]');
  expect(back).toContain('[18446744073709551615,0]');
});

test('C79: values outside their datatype are refused, never wrapped', () => {
  const cases: [string, string][] = [
    ['INT64', '9223372036854775808'],
    ['UINT64', '-1'],
    ['UINT64', '18446744073709551616'],
    ['INT64', '1e30'],
    ['INT64', '0.5'],
    ['INT8', '128'],
    ['UINT8', '-1'],
    ['INT32', '1.5'],
    ['FP32', '1e39'],
    ['FP64', '1e400'],
    ['FP32', 'null'],
    ['FP32', '"1"'],
    ['BOOL', '2'],
    ['BYTES', '1'],
    ['INT8', '[1]'],
  ];
  for (const [datatype, value] of cases) {
    refusal(() => decodeInferRequest(Buffer.from(`{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"data":[${value}]}]}`), undefined));
  }
});

test('C80: NaN and infinities become null in JSON, are marked, and stay exact in binary', () => {
  const output: Tensor = { name: 'y', datatype: 'FP32', shape: [3], data: bytes(Float32Array.of(Number.NaN, Infinity, 1)) };
  const reply = encodeInferReply({ modelName: 'm', outputs: [output] }, ALL);
  expect(parsed(reply.chunks)['outputs']).toEqual([{ name: 'y', datatype: 'FP32', shape: [3], parameters: { non_finite_values: true }, data: [null, null, 1] }]);
  const binary = encodeInferReply({ modelName: 'm', outputs: [output] }, { outputs: [], binaryOutputDefault: true });
  expect(decodeInferReply(Buffer.concat(binary.chunks), binary.headerLength).outputs.map(plain)).toEqual([plain(output)]);
});

test('C81: FP16 and BF16 are refused as JSON, in both directions', () => {
  for (const datatype of ['FP16', 'BF16'] as const) {
    expect(refusal(() => decode([{ name: 'x', datatype, shape: [1], data: [1] }])).message).toContain('binary');
    const outputs = samples.filter((tensor) => tensor.datatype === datatype);
    expect(refusal(() => encodeInferReply({ modelName: 'm', outputs }, ALL)).message).toContain('binary_data');
  }
});

test('C75: malformed bodies are clean refusals', () => {
  for (const text of [
    '',
    '[]',
    'null',
    '{',
    '{"inputs":1}',
    '{}',
    '{"inputs":[1]}',
    '{"inputs":[],"id":5}',
    '{"inputs":[],"parameters":[]}',
    '{"inputs":[{"name":"x"}]}',
    '{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":3}}]}',
  ]) {
    expect(refusal(() => decodeInferRequest(Buffer.from(text), undefined)).kind).toBe('invalid_argument');
  }
  expect(refusal(() => decodeInferReply(Buffer.from('{}'), undefined)).kind).toBe('bad_upstream');
});
