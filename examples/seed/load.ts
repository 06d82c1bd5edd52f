import type { Modelyard } from '@modelyard/sdk';
import { type Examples, INPUTS, rowsOf } from './data.ts';
import { NAME } from './deploy-model.ts';

/** One call by the Open Inference Protocol. @returns the probabilities, row by row */
export async function infer(client: Modelyard, rows: Float32Array): Promise<Float32Array> {
  const [output] = await client.inference.inferTensors(NAME, [{ name: 'hidden_input', shape: [rows.length / INPUTS, INPUTS], data: rows }]);
  return output?.data as Float32Array;
}

export interface Outcome {
  readonly calls: number;
  readonly failed: number;
  readonly callsPerSecond: number;
}

/** Clients that call, one call after the other each, until `work` is done. */
export async function underLoad(client: Modelyard, examples: Examples, { clients, work }: { readonly clients: number; readonly work: () => Promise<void> }): Promise<Outcome> {
  const started = performance.now();
  const state = { going: true, calls: 0, failed: 0 };
  const callers = Array.from({ length: clients }, async (_, index) => {
    const row = rowsOf(examples, index, index + 1);
    while (state.going) {
      await infer(client, row).catch(() => state.failed++);
      state.calls++;
    }
  });
  await work().finally(() => (state.going = false));
  await Promise.all(callers);
  const { calls, failed } = state;
  return { calls, failed, callsPerSecond: (1_000 * calls) / (performance.now() - started) };
}
