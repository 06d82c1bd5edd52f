import type { CacheInfo, WeightsInfo } from '../contract/manifest.ts';
import { TEXT_BATCH_TOKENS } from './text-shape.ts';

/** llama.cpp v0.5.0 rounds a sequence's cells up to so many (llama-context.cpp, llama-kv-cache-iswa.cpp). */
const CELLS_STEP = 256;
/** Keys and values are kept in FP16, recurrent states in FP32. */
const CACHE_VALUE_BYTES = 2;
const STATE_VALUE_BYTES = 4;

/** How a context is opened. */
export interface CacheShape {
  readonly slots: number;
  readonly contextTokens: number;
  /** Tokens that one step computes at most. */
  readonly batchTokens?: number;
}

/** What equal layers keep. */
export interface CachePart {
  readonly what: 'full' | 'window' | 'state';
  readonly layers: number;
  /** Tokens of each slot that there is room for; 1 for a state. */
  readonly cells: number;
  /** Of one layer and one token (a state: of all layers). */
  readonly bytesPerToken: number;
  readonly bytes: number;
}

/**
 * Bytes of llama.cpp's memory for sequences: for each group of equal layers, slots · layers · cells · (key + value length) · 2; for recurrent
 * layers slots · values · 4. Cells are the context's tokens, or where a window slides min(context, window + tokens of a step), in steps of 256.
 */
export function cacheParts(weights: WeightsInfo, shape: CacheShape): readonly CachePart[] {
  const { groups, stateValues = 0, windowIsNamed = false } = cacheOf(weights);
  const { slots, contextTokens } = shape;
  const cells = stepped(contextTokens);
  const step = Math.min(stepped(contextTokens * slots), Math.max(shape.batchTokens ?? TEXT_BATCH_TOKENS, slots) + Number(windowIsNamed));
  const parts = groups.map(({ layers, keyLength, valueLength, windowTokens }): CachePart => {
    const own = windowTokens === undefined ? cells : stepped(Math.min(cells, windowTokens + step));
    const bytesPerToken = (keyLength + valueLength) * CACHE_VALUE_BYTES;
    return { what: windowTokens === undefined ? 'full' : 'window', layers, cells: own, bytesPerToken, bytes: slots * layers * own * bytesPerToken };
  });
  const stateBytes = stateValues * STATE_VALUE_BYTES;
  return stateBytes === 0 ? parts : [...parts, { what: 'state', layers: 1, cells: 1, bytesPerToken: stateBytes, bytes: slots * stateBytes }];
}

export function cacheBytes(weights: WeightsInfo, shape: CacheShape): number {
  return cacheParts(weights, shape).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes that computing one more token of a sequence of so many reads: what its layers see of it, and its state. */
export function cacheBytesRead(weights: WeightsInfo, tokens: number): number {
  const { groups, stateValues = 0 } = cacheOf(weights);
  const seen = groups.map(({ layers, keyLength, valueLength, windowTokens = tokens }) => layers * (keyLength + valueLength) * CACHE_VALUE_BYTES * Math.min(tokens, windowTokens));
  return seen.reduce((sum, bytes) => sum + bytes, stateValues * STATE_VALUE_BYTES);
}

/** Of manifests that were written before caches were read, and of architectures that are not known: as many keys and values in each layer. */
function cacheOf({ cache, layers = 0, embeddingLength = 0, attentionHeads = 1, keyValueHeads = attentionHeads }: WeightsInfo): CacheInfo {
  if (cache) return cache;
  const length = keyValueHeads * (embeddingLength / attentionHeads);
  return { attention: 'GQA', groups: layers * length > 0 ? [{ layers, keyLength: length, valueLength: length }] : [] };
}

function stepped(tokens: number): number {
  return Math.ceil(tokens / CELLS_STEP) * CELLS_STEP;
}
