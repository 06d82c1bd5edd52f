import { LlamaGrammarEvaluationState, TokenBias, type LlamaGrammar, type LlamaModel, type SequenceEvaluateOptions, type Token } from 'node-llama-cpp';
import { invalid } from '../../contract/errors.ts';
import type { GenerateRequest } from '../engine.ts';

/** Only the likeliest tokens are sampled from: beyond them a sort of the whole vocabulary would cost more than the model. */
const CANDIDATES_MAX = 128;
/** The penalties look back over this many generated tokens. */
const PENALTY_TOKENS_MAX = 2048;

/** How to sample, in node-llama-cpp's terms. `generated` is read before each step. */
export function samplingOptions(model: LlamaModel, request: GenerateRequest, generated: readonly Token[], grammar: LlamaGrammar | undefined): SequenceEvaluateOptions {
  const penalised = request.frequencyPenalty !== 0 || request.presencePenalty !== 0;
  const bias = tokenBias(model, request.logitBias);
  return {
    temperature: request.temperature,
    topK: CANDIDATES_MAX,
    topP: request.topP,
    minP: 0,
    seed: seed32(request.seed ?? Math.floor(Math.random() * 2 ** 32)),
    ...(bias && { tokenBias: bias }),
    ...(grammar && { grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar }) }),
    ...(penalised && {
      repeatPenalty: {
        punishTokens: () => generated.slice(-PENALTY_TOKENS_MAX),
        maxPunishTokens: PENALTY_TOKENS_MAX,
        penalty: 1,
        frequencyPenalty: request.frequencyPenalty,
        presencePenalty: request.presencePenalty,
      },
    }),
  };
}

/** Any integer up to 53 bits, negative ones too, to the 32 bits that llama.cpp takes (C35); below 2^32 it is the same number. */
export function seed32(seed: number): number {
  const value = BigInt.asUintN(64, BigInt(Math.trunc(seed)));
  const folded = Number((value ^ (value >> 32n)) & 0xffff_ffffn);
  return folded === 0xffff_ffff ? 0 : folded; // llama.cpp reads 2^32 - 1 as "any seed"
}

function tokenBias(model: LlamaModel, biases: ReadonlyMap<number, number>): TokenBias | undefined {
  if (biases.size === 0) return undefined;
  const bias = TokenBias.for(model);
  const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  for (const [id, logit] of biases) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) throw invalid(`logit_bias names token ${id}; the vocabulary has ${vocabularySize} tokens.`, 'logit_bias');
    const token = id as Token;
    if (model.isEogToken(token)) throw invalid(`logit_bias can't change token ${id}, which ends the generation; use max_tokens and stop.`, 'logit_bias');
    bias.set([token], { logit });
  }
  return bias;
}
