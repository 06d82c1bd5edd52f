import type { LlamaModel, Token } from 'node-llama-cpp';
import type { LogprobEntry, TokenLogprob } from '../engine.ts';

/** What OpenAI sends for a token of no probability; -Infinity is no JSON. */
const LOGPROB_MIN = -9999;

/** One sampled token's log probability; its text is known only when its character is complete. */
export interface SampledLogprob {
  readonly logprob: number;
  readonly top: readonly LogprobEntry[];
}

/** `probabilities` are sorted, likeliest first: softmax over the vocabulary, after bias and penalties. */
export function sampledLogprob(model: LlamaModel, token: Token, probabilities: ReadonlyMap<Token, number>, topCount: number): SampledLogprob {
  const top = probabilities
    .entries()
    .take(topCount)
    .map(([id, probability]) => {
      const text = model.detokenize([id], true);
      return { token: text, bytes: [...Buffer.from(text)], logprob: logOf(probability) };
    });
  return { logprob: logOf(probabilities.get(token) ?? 0), top: [...top] };
}

/**
 * The entries of one piece. Where a character is spread over several tokens, the last one carries its text and bytes, so
 * that joined tokens are always the text (C20).
 */
export function pieceLogprobs(sampled: readonly SampledLogprob[], text: string): TokenLogprob[] {
  return sampled.map(({ logprob, top }, i) => {
    const own = i === sampled.length - 1 ? text : '';
    return { token: own, bytes: [...Buffer.from(own)], logprob, top };
  });
}

function logOf(probability: number): number {
  return probability <= 0 ? LOGPROB_MIN : Math.min(0, Math.log(probability));
}
