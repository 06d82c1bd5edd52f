import { OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import type { LoadOrder } from './load-order.ts';

/** One tensor to send, its bytes little-endian. */
export interface SentTensor {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT32';
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

type Target = { readonly port: number; readonly key: string; readonly model: string; readonly concurrency: number };

/** An OIP infer call in the binary form, both ways. */
export function binaryLoad({ port, key, model, concurrency }: Target, input: SentTensor, expect: LoadOrder['expect']): Omit<LoadOrder, 'seconds'> {
  const { name, datatype, shape, data } = input;
  const json = Buffer.from(JSON.stringify({ inputs: [{ name, datatype, shape, parameters: { binary_data_size: data.length } }], parameters: { binary_data_output: true } }));
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream', [OIP_HEADER_LENGTH]: String(json.length) };
  return {
    origin: `http://127.0.0.1:${port}`,
    path: `/v2/models/${model}/infer`,
    headers,
    bodies: [Buffer.concat([json, data]).toString('base64')],
    binary: true,
    concurrency,
    expect,
  };
}

/** The same call with its numbers as JSON, both ways. */
export function jsonLoad({ port, key, model, concurrency }: Target, input: SentTensor, expect: LoadOrder['expect']): Omit<LoadOrder, 'seconds'> {
  const { name, datatype, shape, data } = input;
  const values = datatype === 'FP32' ? new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4) : new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  const body = JSON.stringify({ inputs: [{ name, datatype, shape, data: Array.from(values) }] });
  return {
    origin: `http://127.0.0.1:${port}`,
    path: `/v2/models/${model}/infer`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    bodies: [body],
    concurrency,
    expect,
  };
}
