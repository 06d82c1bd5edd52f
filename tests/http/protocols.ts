import { expect } from 'vitest';
import { OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import type { Harness } from '../harness.ts';

const MIB = 1_048_576;

/** A body of one protocol as a client sends it. */
export interface Sendable {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One way in, for tests that hold for all of them. */
export interface Protocol {
  readonly name: string;
  readonly path: string;
  /** Status of the answer to a good request. */
  readonly ok: number;
  /** What a body may have at most. */
  readonly bytesMax: number;
  good(): Sendable;
  /** A body that is good, or at least JSON, but for `part`: any JSON text, where the protocol takes free-form JSON if it does anywhere. */
  withPart(part: string): Sendable;
  /** The error object of its answers, checked to be in the protocol's own form; returns its sentence. */
  errorIn(answer: unknown): string;
}

const openai = (answer: unknown): string => {
  const { error } = answer as { error: { message: string } };
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  return error.message;
};
const oip = (answer: unknown): string => {
  expect(answer).toEqual({ error: expect.any(String) as string });
  return (answer as { error: string }).error;
};
const control = (answer: unknown): string => {
  const { error } = answer as { error: { message: string } };
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param']);
  return error.message;
};

const asJson = (text: string): Sendable => ({ headers: { 'content-type': 'application/json' }, body: Buffer.from(text) });
let orgs = 0;

function binary(json: string): Sendable {
  const head = Buffer.from(json);
  return {
    headers: { 'content-type': 'application/octet-stream', [OIP_HEADER_LENGTH]: String(head.length) },
    body: Buffer.concat([head, new Uint8Array(new Float32Array([1, 2]).buffer)]),
  };
}
const binaryInput = '"inputs":[{"name":"x","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}]';

/** Every protocol that takes bodies; `deployForProtocols` makes what they call. */
export const PROTOCOLS: readonly Protocol[] = [
  {
    name: 'chat',
    path: '/v1/chat/completions',
    ok: 200,
    bytesMax: 10 * MIB,
    good: () => asJson('{"model":"echo","messages":[{"role":"user","content":"héllo"}]}'),
    withPart: (part) => asJson(`{"model":"echo","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":${part}}}}`),
    errorIn: openai,
  },
  {
    name: 'completions',
    path: '/v1/completions',
    ok: 200,
    bytesMax: 10 * MIB,
    good: () => asJson('{"model":"echo","prompt":"héllo"}'),
    withPart: (part) => asJson(`{"model":"echo","prompt":${part}}`),
    errorIn: openai,
  },
  {
    name: 'embeddings',
    path: '/v1/embeddings',
    ok: 200,
    bytesMax: 10 * MIB,
    good: () => asJson('{"model":"embedding","input":"héllo"}'),
    withPart: (part) => asJson(`{"model":"embedding","input":${part}}`),
    errorIn: openai,
  },
  {
    name: 'OIP JSON',
    path: '/v2/models/tensor/infer',
    ok: 200,
    bytesMax: 10 * MIB,
    good: () => asJson('{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,2]}]}'),
    withPart: (part) => asJson(`{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,2]}],"parameters":${part}}`),
    errorIn: oip,
  },
  {
    name: 'OIP binary',
    path: '/v2/models/tensor/infer',
    ok: 200,
    bytesMax: 10 * MIB,
    good: () => binary(`{${binaryInput}}`),
    withPart: (part) => binary(`{${binaryInput},"parameters":${part}}`),
    errorIn: oip,
  },
  {
    name: 'control API',
    path: '/api/v1/orgs',
    ok: 201,
    bytesMax: MIB,
    good: () => asJson(`{"name":"org-${++orgs}"}`),
    withPart: (part) => asJson(`{"name":${part}}`),
    errorIn: control,
  },
];

export async function deployForProtocols(modelyard: Harness): Promise<void> {
  await modelyard.deployEcho('echo');
  await modelyard.deployEcho('embedding', { task: 'embedding' });
  await modelyard.deployEcho('tensor', {
    task: 'tensor',
    signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] },
  });
}
