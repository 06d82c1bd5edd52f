import type { WeightsInfo } from '../contract/manifest.ts';
import type { ByteSource } from './byte-source.ts';
import { readGguf } from './gguf.ts';
import { readOnnx } from './onnx.ts';
import { readSafetensors } from './safetensors.ts';
import { firstBytes, refuseDangerous, sniff, unsupported } from './sniff.ts';
import { inHeaderThread } from './thread.ts';

export interface ReadResult {
  readonly weights: WeightsInfo;
  /** Whether the file says that it yields embeddings (GGUF's pooling type). */
  readonly pools: boolean;
}

/** Reads the header of weights in memory or in a file; the format is decided by the bytes. @throws Fault when refused */
export function readWeightsFrom(source: ByteSource): ReadResult {
  const head = firstBytes(source);
  refuseDangerous(head);
  switch (sniff(head)) {
    case 'gguf':
      return readGguf(source);
    case 'onnx':
      return { weights: readOnnx(source).weights, pools: false };
    case 'safetensors':
      return { weights: readSafetensors(source), pools: false };
    case undefined:
      throw unsupported('has none of the known beginnings');
  }
}

/** What the file's header says of its weights. Reads a bounded part, never the weights, and in another thread. @throws Fault when refused */
export async function readWeights(path: string): Promise<WeightsInfo> {
  return (await inHeaderThread({ type: 'read', path })) as WeightsInfo;
}
