import { invalid } from '../contract/errors.ts';
import type { Manifest } from '../contract/manifest.ts';

const SLOTS_DEFAULT = 8;
const SLOTS_MAX = 64;
const CONTEXT_TOKENS_DEFAULT = 2_048;
const CONTEXT_TOKENS_MAX = 2 ** 24;
/** Tokens that the engine computes in one step at most. */
export const TEXT_BATCH_TOKENS = 512;

/** How a text model is to be run: sequences at a time, and tokens of each, prompt and completion together. */
export interface TextShape {
  readonly slots: number;
  readonly contextTokens: number;
}

/** Slots and context size: the manifest's options, within what the model was trained for. @throws Fault on an option that is no such number */
export function textShape({ weights, engineOptions }: Pick<Manifest, 'weights' | 'engineOptions'>): TextShape {
  const slots = wholeOption(engineOptions, 'slots', SLOTS_MAX) ?? SLOTS_DEFAULT;
  const trained = weights.contextLength ?? CONTEXT_TOKENS_DEFAULT;
  return { slots, contextTokens: Math.min(wholeOption(engineOptions, 'contextSize', CONTEXT_TOKENS_MAX) ?? CONTEXT_TOKENS_DEFAULT, trained) };
}

/** A whole number from 1 to `max` of the manifest's options; undefined where it is absent. @throws Fault when it is no such number */
export function wholeOption(options: Readonly<Record<string, unknown>>, name: string, max: number): number | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
    throw invalid(`engineOptions.${name} must be a whole number from 1 to ${max}.`, `engineOptions.${name}`);
  }
  return value;
}
