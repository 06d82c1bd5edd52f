import { backend, engine, setBackend, tensor } from '@tensorflow/tfjs-core';
import { Fault } from '../../contract/errors.ts';

/** The wasm heap ends at 4 GiB; a part of it is the library's own, and some is lost to fragmentation. */
const TENSOR_BYTES_MAX = 3 * 2 ** 30;

interface WasmModule {
  _malloc(bytes: number): number;
}

/**
 * Starts TF.js' wasm backend: SIMD, one thread (its threaded build does not start in Node).
 * An allocation beyond the heap would end the whole module, so it is refused before.
 */
export async function startBackend(): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm'); // registers itself
  if (!(await setBackend('wasm'))) throw new Error("TF.js' wasm backend did not start.");
  const { wasm } = backend() as unknown as { readonly wasm: WasmModule };
  // Its first call puts the real function in its own place.
  tensor([0]).dispose();
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    if (engine().state.numBytes + bytes > TENSOR_BYTES_MAX) throw outOfMemory();
    return allocate(bytes);
  };
}

export function outOfMemory(cause?: unknown): Fault {
  return new Fault('unprocessable', 'out_of_memory', 'These inputs need more memory than the engine has.', { cause });
}
