import type { Quantities } from '../../contract/price.ts';
import type { Admitted, Bounds, Target } from '../call.ts';

/** Held for an answer without a limit of its own, when the model tells none. */
const COMPLETION_TOKENS_DEFAULT = 4_096;
/** What a chat's template adds to a prompt, at most. */
const TEMPLATE_TOKENS = 512;
/** A token's part of a streamed answer: its text and the frame round it. */
const TOKEN_BYTES = 4_096;
/** An answer that is no text: held until its size is known. */
const ANSWER_BYTES = 1_048_576;

/**
 * Tokens that a call can use at most: of prompts no more than their bytes, of each answer what was asked for or what the model can give (M42). A model that tells no
 * context bounds neither.
 */
export function tokenBounds({ promptTokens, completionTokens, answers }: Bounds, { revision }: Target): { readonly prompt: number; readonly completion: number } {
  const { contextLength = Number.POSITIVE_INFINITY } = revision;
  const perAnswer = Math.min(completionTokens ?? revision.contextLength ?? COMPLETION_TOKENS_DEFAULT, contextLength);
  // An answer has one prompt, which others may share; each of several texts to be embedded may be as long as the context.
  return { prompt: revision.task === 'chat' ? Math.min(promptTokens, contextLength * answers) : promptTokens, completion: perAnswer * answers };
}

/** What a call can be charged for at most, by the request's own bounds and never by an average. */
export function quantityBounds({ call, request, target, work, requestBytes }: Admitted): Quantities {
  const promptTokens = request.bounds.promptTokens + (request.needs === 'chat' ? TEMPLATE_TOKENS : 0);
  const { prompt, completion } = tokenBounds({ ...request.bounds, promptTokens }, target);
  return {
    input_tokens: prompt,
    cached_tokens: 0,
    output_tokens: completion,
    requests: 1,
    rows: work.kind === 'tensor' ? work.rows : 0,
    bytes: requestBytes + (completion > 0 ? completion * TOKEN_BYTES : ANSWER_BYTES),
    compute_ms: Math.ceil(call.deadline - call.arrivedAt),
  };
}
