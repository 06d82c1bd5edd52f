import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATATYPES, type TensorSignature } from '../../src/contract/tensor.ts';
import { type Harness, startHarness } from '../harness.ts';
import { type FakeForeignUpstream, fakeForeignUpstream } from '../http/support.ts';
import { runPython } from './python-env.ts';

const one = (datatype: (typeof DATATYPES)[number]): TensorSignature => ({ inputs: [{ name: 'x', datatype, shape: [-1] }], outputs: [{ name: 'y', datatype, shape: [-1] }] });
const PAIR: TensorSignature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1] },
    { name: 'b', datatype: 'INT32', shape: [-1] },
  ],
  outputs: [
    { name: 'ya', datatype: 'FP32', shape: [-1] },
    { name: 'yb', datatype: 'INT32', shape: [-1] },
  ],
};

let modelyard: Harness;
/** A server that takes calls and never answers. */
let silent: FakeForeignUpstream;
beforeAll(async () => {
  modelyard = await startHarness();
  for (const datatype of DATATYPES) await modelyard.deployEcho(`echo-${datatype.toLowerCase()}`, { task: 'tensor', signature: one(datatype) });
  await modelyard.deployEcho('pair', { task: 'tensor', signature: PAIR });
  silent = await fakeForeignUpstream(modelyard, 'slow', () => undefined, { echo: { task: 'tensor', signature: one('FP32') } });
  await modelyard.deployEcho('unloaded', { task: 'tensor', signature: one('FP32') });
});
afterAll(async () => {
  await modelyard.stop();
  await silent[Symbol.asyncDispose]();
});

test('tritonclient[http], all of it that OIP REST and the binary extension cover (C70–C88)', async () => {
  const seen = await runPython('triton_surface.py', modelyard);
  const refused = (status: string, message: RegExp) => ({ status, message: expect.stringMatching(message) as string });
  const names = [...DATATYPES.map((datatype) => `echo-${datatype.toLowerCase()}`), 'pair', 'slow', 'unloaded'].toSorted();
  expect(seen).toEqual({
    server: { name: 'modelyard', version: expect.any(String) as string, extensions: ['binary_tensor_data', 'model_configuration', 'model_repository', 'statistics'] },
    metadata: { name: 'echo-fp32', versions: ['1'], platform: 'modelyard_echo', ...one('FP32') },
    config: {
      name: 'echo-fp32',
      platform: 'modelyard_echo',
      backend: 'echo',
      max_batch_size: 0,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [-1] }],
      output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [-1] }],
    },
    index: names,
    refused: {
      unknown: refused('404', /does not exist/),
      version: refused('404', /does not exist/),
      datatype: refused('400', /INT32.*FP32/),
      missing: refused('400', /Missing input 'b'/),
      output: refused('400', /Unknown output 'z'/),
      classes: refused('400', /classification is not supported/),
      sequence: refused('400', /sequence_id is not supported/),
      timeout: refused('504', /deadline/),
      trace: refused('404', /Unknown request URL/),
      log: refused('404', /Unknown request URL/),
      shared: refused('404', /Unknown request URL/),
      cuda: refused('404', /Unknown request URL/),
      load: refused('404', /nope/),
      override: refused('400', /parameters.config is not supported/),
      name: refused('404', /does not exist/),
    },
    grown: [9, 3],
    all: names,
    unloaded: refused('404', /does not exist/),
    loaded: [1.5, -2],
  });
});
