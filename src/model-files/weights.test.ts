import { expect, test } from 'vitest';
import { Fault } from '../contract/errors.ts';
import { seeded } from '../../tests/seeded.ts';
import { memorySource, STRING_BYTES_MAX, type ByteSource } from './byte-source.ts';
import { readGguf } from './gguf.ts';
import { readOnnx, readOnnxMetadata } from './onnx.ts';
import { readSafetensors } from './safetensors.ts';
import { buildGguf, buildOnnx, buildSafetensors, gguf, LLAMA_KEYS, LLAMA_TENSORS, onnx, proto } from './testing/build.ts';
import { refusalOf } from './testing/refusal.ts';
import { readWeightsFrom } from './weights.ts';

const refusal = (bytes: Uint8Array) => refusalOf(() => readWeightsFrom(memorySource(bytes)));

test('X22: a GGUF header gives what the model is', () => {
  for (const version of [2, 3]) {
    expect(readGguf(memorySource(buildGguf({ version })))).toEqual({
      pools: false,
      weights: {
        format: 'gguf',
        architecture: 'llama',
        parameters: 2112,
        parametersByType: { Q4_1: 2048, F32: 64 },
        tensorBytes: 1536,
        quantization: 'Q4_1',
        contextLength: 2048,
        embeddingLength: 64,
        layers: 2,
        attentionHeads: 4,
        keyValueHeads: 2,
        vocabularySize: 3,
        cache: { attention: 'GQA', groups: [{ layers: 2, keyLength: 32, valueLength: 32 }] },
        chatTemplate: '{{ messages }}',
        licence: 'apache-2.0',
      },
    });
  }
});

test('X22: hostile GGUF headers are clean refusals', () => {
  const keys = (...more: Buffer[]) => buildGguf({ keys: [...LLAMA_KEYS, ...more] });
  const tensors = (...more: Buffer[]) => buildGguf({ tensors: more });
  const cases: Record<string, Buffer> = {
    'number of keys': buildGguf({ keyCount: 2n ** 63n }),
    'number of tensors': buildGguf({ tensorCount: 2n ** 63n }),
    'version 1': buildGguf({ version: 1 }),
    'version 50331648': buildGguf({ version: 0x0300_0000 }),
    'general.alignment must be a power of two up to 1048576, not 0': keys(gguf.u32('general.alignment', 0)),
    'not 24': keys(gguf.u32('general.alignment', 24)),
    'not an array': keys(gguf.raw('general.alignment', 9, Buffer.concat([Buffer.from([4, 0, 0, 0]), gguf.u64(0)]))),
    'occurs twice': keys(gguf.u32('llama.block_count', 3)),
    'a string length is 1152921504606846976': keys(gguf.raw('k', 8, gguf.u64(2n ** 60n))),
    'an array length is 1152921504606846976': keys(gguf.raw('k', 9, Buffer.concat([Buffer.from([8, 0, 0, 0]), gguf.u64(2n ** 60n)]))),
    'array of values of type 9': keys(gguf.raw('k', 9, Buffer.concat([Buffer.from([9, 0, 0, 0]), gguf.u64(1)]))),
    'unknown type 99': keys(gguf.raw('k', 99, gguf.u64(1))),
    'boolean has the value 2': keys(gguf.raw('k', 7, Buffer.from([2]))),
    'impossible shape': tensors(gguf.tensor('t', [2n ** 32n, 2n ** 32n], 0, 0)),
    'a dimension is 9223372036854775808': tensors(gguf.tensor('t', [2n ** 63n], 0, 0)),
    '5 dimensions': tensors(gguf.tensor('t', [1, 1, 1, 1, 1], 0, 0)),
    'unknown type 4': tensors(gguf.tensor('t', [32], 4, 0)),
    'multiple of 32': tensors(gguf.tensor('t', [33], 3, 0)),
    'ends at byte': tensors(gguf.tensor('t', [64, 1024], 0, 0)),
    'beyond the file': tensors(gguf.tensor('t', [32], 0, 2n ** 40n)),
    'not a multiple': tensors(gguf.tensor('t', [32], 0, 4)),
    overlaps: tensors(gguf.tensor('t', [32], 0, 0), gguf.tensor('u', [32], 0, 96)),
    'tensor "t" occurs twice': tensors(gguf.tensor('t', [8], 0, 0), gguf.tensor('t', [8], 0, 32)),
    'tensor name length': tensors(gguf.tensor('t'.repeat(64), [8], 0, 0)),
    'general.architecture is missing': buildGguf({ keys: [] }),
  };
  for (const [text, bytes] of Object.entries(cases)) expect(refusal(bytes).message).toContain(text);
});

test('X22: an ONNX model gives its signature, without initializers, and its parameters', () => {
  expect(readOnnx(memorySource(buildOnnx())).weights).toEqual({
    format: 'onnx',
    architecture: 'onnx (tester)',
    parameters: 3,
    parametersByType: { FP32: 3 },
    tensorBytes: 12,
    quantization: 'FP32',
    signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }] },
  });
  expect(readOnnxMetadata(memorySource(buildOnnx())).get('character')).toBe('a\nb');
});

const output = proto.bytes(12, onnx.value('y', 1, [3]));
const external = (location: string) => Buffer.concat([proto.bytes(13, proto.bytes(1, 'location'), proto.bytes(2, location)), proto.number(14, 1)]);

test('X21: external data is refused wherever it hides and wherever it points', () => {
  for (const location of ['../../etc/passwd', '/etc/passwd', 'weights.bin', 'https://example.org/w', 'file:///etc/passwd', '', '*/_ORT_MEM_ADDR_/*']) {
    const tensor = onnx.tensor('w', [3], 1, external(location));
    const inAttribute = proto.bytes(5, proto.bytes(1, 'value'), proto.bytes(5, tensor));
    const inSubgraph = proto.bytes(5, proto.bytes(1, 'body'), proto.bytes(6, proto.bytes(5, tensor)));
    const places = [
      [proto.bytes(5, tensor)],
      [proto.bytes(1, onnx.node('Constant', [], ['w'], inAttribute))],
      [proto.bytes(1, onnx.node('Loop', [], ['w'], inSubgraph))],
      [proto.bytes(15, proto.bytes(1, tensor))],
      [proto.bytes(5, onnx.tensor('w', [3], 1, proto.number(14, 1)))],
      [proto.bytes(5, onnx.tensor('w', [3], 1, external(location).subarray(0, -2)))],
    ];
    for (const place of places) expect(refusal(onnx.model([...place, output])).code).toBe('external_data_refused');
    const inFunction = proto.bytes(25, proto.bytes(7, onnx.node('Constant', [], ['w'], inAttribute)));
    expect(refusal(onnx.model([output], inFunction)).code).toBe('external_data_refused');
    expect(refusal(onnx.model([output], proto.bytes(20, proto.bytes(1, proto.bytes(5, tensor))))).code).toBe('external_data_refused');
  }
});

test('X21: custom-operator libraries and settings in the model are refused', () => {
  const attribute = (value: string) => proto.bytes(5, proto.bytes(1, 'path'), proto.bytes(4, value));
  for (const node of [
    onnx.node('X', [], ['y'], attribute('/tmp/evil.so')),
    onnx.node('X', [], ['y'], attribute('evil.DLL')),
    onnx.node('EPContext', [], ['y']),
    onnx.node('X', [], ['y'], proto.bytes(7, 'ai.onnx.contrib')),
  ]) {
    expect(refusal(onnx.model([proto.bytes(1, node), output])).code).toBe('custom_code_refused');
  }
  expect(refusal(onnx.model([output], onnx.metadata('ort_config', '{}'))).code).toBe('custom_code_refused');
  expect(refusal(onnx.model([output], onnx.metadata('custom_op_library', './x.so'))).code).toBe('custom_code_refused');
});

test('X22: hostile ONNX files are clean refusals, also graphs that nest without end', () => {
  let graph: Buffer = Buffer.concat([output]);
  for (let depth = 0; depth < 2000; depth += 1) graph = proto.bytes(1, onnx.node('If', [], ['y'], proto.bytes(5, proto.bytes(6, graph))));
  expect(refusal(onnx.model([graph, output])).message).toContain('nest deeper');
  expect(refusal(onnx.model([])).message).toContain('0 outputs');
  expect(refusal(proto.number(1, 8)).message).toContain('no graph');
  expect(refusal(Buffer.concat([proto.number(1, 8), Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f])])).message).toContain('bytes');
  expect(refusal(onnx.model([proto.bytes(5, onnx.tensor('w', [2 ** 40, 2 ** 40], 1)), output])).message).toContain('impossible shape');
  expect(refusal(onnx.model([proto.bytes(12, proto.bytes(1, 'seq'), proto.bytes(2, proto.bytes(4, '')))])).code).toBe('unsupported_signature');
});

test('X22: hostile safetensors headers are clean refusals', () => {
  expect(readSafetensors(memorySource(buildSafetensors()))).toEqual({
    format: 'safetensors',
    architecture: 'safetensors',
    parameters: 5,
    parametersByType: { F32: 4, I64: 1 },
    tensorBytes: 24,
    quantization: 'F32',
  });
  const one = (offsets: readonly number[], shape: readonly number[] = [2]) => buildSafetensors({ a: { dtype: 'F32', shape, data_offsets: offsets } }, 8);
  const cases: Record<string, Buffer> = {
    'the header length': buildSafetensors().fill(0x7f, 3, 4),
    'ends at byte': Buffer.concat([Buffer.from([0xff, 0xff, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
    'a key occurs twice': buildSafetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
    'key occurs twice': buildSafetensors('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
    overlap: buildSafetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, 8),
    hole: buildSafetensors({ a: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, 8),
    'beyond the file': one([8, 16]),
    data_offsets: one([-8, 0]),
    'shape and dtype': one([0, 4]),
    'which its shape': one([0, 8], [2 ** 40, 2 ** 40]),
    'the file has': one([0, 4], [1]),
    'unknown dtype': buildSafetensors({ a: { dtype: 'toString', shape: [2], data_offsets: [0, 8] } }, 8),
    'too deep': buildSafetensors(`{"a":${'['.repeat(250_000)}`, 0),
    'not JSON': buildSafetensors('{"a"', 0),
  };
  for (const [text, bytes] of Object.entries(cases)) expect(refusal(bytes).message).toContain(text);
});

test('X20: pickles and their containers are refused by their bytes, whatever they are called', () => {
  const tar = Buffer.alloc(512);
  tar.write('ustar', 257);
  const cases = [
    Buffer.from('\x80\x02}q\x00.', 'latin1'),
    Buffer.from('\x80\x05\x95', 'latin1'),
    Buffer.from('cos\nsystem\n(S"id"\ntR.'),
    Buffer.from('(dp0\n.'),
    Buffer.from('PK\x03\x04archive/data.pkl', 'latin1'),
    Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'),
    Buffer.from('\x93NUMPY\x01\0', 'latin1'),
    Buffer.from([0x1f, 0x8b, 8, 0]),
    Buffer.from([0x78, 0x9c, 1]),
    Buffer.from('\x7fELF', 'latin1'),
    tar,
    Buffer.from('hello'),
    Buffer.alloc(0),
  ];
  for (const bytes of cases) expect(refusal(bytes).code).toBe('unsupported_format');
});

/** Counts what a reader asks of it; `target` is the reader's one window. */
function watched(bytes: Buffer): { readonly source: ByteSource; readonly seen: { requested: number; longest: number } } {
  const inner = memorySource(bytes);
  const seen = { requested: 0, longest: 0 };
  return {
    seen,
    source: {
      size: inner.size,
      read(offset, target) {
        seen.requested += target.length;
        seen.longest = Math.max(seen.longest, target.length);
        return inner.read(offset, target);
      },
    },
  };
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x3a, 0x5b, 0x7b];

test('X22: 100,000 mutated headers give an answer or a Fault, and never read or allocate beyond the file', () => {
  const uniform = seeded(20_260_101);
  const next = (below: number) => Math.floor(uniform() * below);
  const seeds = [buildGguf(), buildGguf({ version: 2, tensors: LLAMA_TENSORS.slice(0, 1) }), buildOnnx(), buildSafetensors()];
  let refused = 0;
  for (let round = 0; round < 100_000; round += 1) {
    const bytes = Buffer.from(seeds[round % seeds.length]!);
    // Most mutations lie in the first 600 bytes: that is where all four have their headers.
    for (let n = 1 + next(4); n > 0; n -= 1) {
      const at = next(Math.min(bytes.length, 600));
      if (next(2) === 0) bytes[at] = INTERESTING[next(INTERESTING.length)]!;
      else bytes[at] = bytes[at]! ^ (1 << next(8));
    }
    const { source, seen } = watched(next(4) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes);
    try {
      readWeightsFrom(source);
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'invalid_argument') throw new Error(`round ${round} threw something else`, { cause: error });
      refused += 1;
    }
    if (seen.longest > STRING_BYTES_MAX || seen.requested > 8 * bytes.length) throw new Error(`round ${round} read ${seen.requested} bytes, at most ${seen.longest} at once`);
  }
  expect(refused).toBeGreaterThan(50_000);
});

test('X22: each format truncated at each of its first 4096 bytes is a clean refusal', () => {
  const words = Array.from({ length: 600 }, (_, n) => `word${n}`);
  const big = buildGguf({ keys: [...LLAMA_KEYS, gguf.strings('tokenizer.ggml.merges', words)] });
  expect(big.length).toBeGreaterThan(4096);
  for (const bytes of [big, buildSafetensors(), buildOnnx()]) {
    readWeightsFrom(memorySource(bytes));
    for (let length = 0; length < Math.min(4096, bytes.length); length += 1) {
      const cut = memorySource(bytes.subarray(0, length));
      // An ONNX model that ends between two top-level fields is whole by the format's rules.
      if (bytes[0] === 0x08) expectAnswerOrFault(cut);
      else refusal(bytes.subarray(0, length));
    }
  }
});

function expectAnswerOrFault(source: ByteSource): void {
  try {
    readWeightsFrom(source);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
  }
}
