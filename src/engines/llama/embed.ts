import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';
import type { Embeddings, Prompt } from '../engine.ts';
import { invalid } from '../../contract/errors.ts';
import { tooLong, type Prompts } from './prompt.ts';

/** One unit-norm vector per input. Equal inputs of one call are computed once, and so are equal (C48). */
export async function embed(
  { model, context, prompts, contextTokens }: { model: LlamaModel; context: LlamaEmbeddingContext; prompts: Prompts; contextTokens: number },
  inputs: readonly Prompt[],
  signal: AbortSignal,
): Promise<Embeddings> {
  const tokenised: Token[][] = [];
  for (const input of inputs) {
    const tokens = framed(model, await prompts.tokens(input));
    if (tokens.length === 0) throw invalid('An input has no tokens.', 'input', 'empty_input');
    if (tokens.length >= contextTokens) throw tooLong(String(tokens.length), contextTokens);
    tokenised.push(tokens);
  }
  const known = new Map<string, Float32Array>();
  const vectors: Float32Array[] = [];
  for (const tokens of tokenised) {
    signal.throwIfAborted();
    const key = tokens.join();
    const vector = known.get(key) ?? unit((await context.getEmbeddingFor(tokens)).vector);
    known.set(key, vector);
    vectors.push(vector);
  }
  return { vectors, promptTokens: tokenised.reduce((sum, tokens) => sum + tokens.length, 0) };
}

/** An input between its first and last token. node-llama-cpp would add them itself; here they are added before, so that they are counted. */
export function framed(model: LlamaModel, tokens: Token[]): Token[] {
  if (tokens.length === 0) return tokens;
  const { bos, eos, sep, shouldPrependBosToken, shouldAppendEosToken } = model.tokens;
  const last = model.vocabularyType === 'wpm' ? sep : shouldAppendEosToken ? eos : null;
  const first = model.vocabularyType === 'wpm' || shouldPrependBosToken ? bos : null;
  const start = first !== null && tokens[0] !== first ? [first] : [];
  const end = last !== null && tokens.at(-1) !== last ? [last] : [];
  return [...start, ...tokens, ...end];
}

function unit(vector: readonly number[]): Float32Array {
  const norm = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => (norm === 0 ? 0 : value / norm));
}
