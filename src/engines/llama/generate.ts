import type { LlamaGrammar, LlamaModel, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { GenerateRequest, Generation, Piece } from '../engine.ts';
import { createStopCutter } from '../stop-cutter.ts';
import { priorityOf, type Barrier } from './barrier.ts';
import { createDetokenizer } from './detokenizer.ts';
import { pieceLogprobs, sampledLogprob, type SampledLogprob } from './logprobs.ts';
import { samplingOptions } from './sampling.ts';
import type { Gate, Lease, SequencePool } from './sequences.ts';

/** A prompt is evaluated in pieces of this size, so that a cancel is seen within one. */
const PREFILL_CHUNK_TOKENS = 256;

export interface Generator {
  readonly model: LlamaModel;
  readonly pool: SequencePool;
  readonly barrier: Barrier;
  readonly contextTokensMax: number;
}

/** Everything about one generation that is known before its first step. */
export interface Plan {
  readonly prompt: readonly Token[];
  readonly request: GenerateRequest;
  readonly grammar: LlamaGrammar | undefined;
  readonly onPiece: (piece: Piece) => void;
  readonly signal: AbortSignal;
}

/** Runs one generation. Resolves with exact counts, on abort too. */
export async function generate(generator: Generator, plan: Plan): Promise<Generation> {
  const { prompt, request, signal } = plan;
  const none = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  if (request.maxTokens === 0) return { finish: 'length', ...none };
  const generated: Token[] = [];
  const sampling = samplingOptions(generator.model, request, generated, plan.grammar);
  let lease: Lease;
  try {
    lease = await generator.pool.acquire(prompt, request.cacheSalt, signal);
  } catch (error) {
    if (signal.aborted) return { finish: 'cancelled', ...none };
    throw error;
  }
  try {
    const rest = await prefill(lease, prompt, generator.pool.gate, signal);
    if (rest === undefined) return { finish: 'cancelled', promptTokens: lease.sequence.nextTokenIndex, cachedTokens: lease.reused, completionTokens: 0 };
    const { finish, completionTokens } = await decode(generator, plan, { lease, rest, generated, sampling });
    return { finish, promptTokens: prompt.length, cachedTokens: lease.reused, completionTokens };
  } catch (error) {
    lease.spoil();
    throw error;
  } finally {
    generator.barrier.leave(lease.index);
    lease.release();
  }
}

/** Evaluates the prompt but for its last chunk, which is returned; undefined when cancelled. */
async function prefill(lease: Lease, prompt: readonly Token[], gate: Gate, signal: AbortSignal): Promise<Token[] | undefined> {
  let rest = prompt.slice(lease.reused);
  while (rest.length > PREFILL_CHUNK_TOKENS) {
    await gate.closed();
    if (signal.aborted) return undefined;
    await lease.sequence.evaluateWithoutGeneratingNewTokens(rest.slice(0, PREFILL_CHUNK_TOKENS), { evaluationPriority: priorityOf(lease.index) });
    rest = rest.slice(PREFILL_CHUNK_TOKENS);
  }
  return signal.aborted ? undefined : rest;
}

interface Run {
  readonly lease: Lease;
  /** The end of the prompt, still to be evaluated. */
  readonly rest: Token[];
  /** Grows with each step; the penalties read it. */
  readonly generated: Token[];
  readonly sampling: SequenceEvaluateOptions;
}

/** The loop of steps. Between two tokens it must not wait for anything but the gate: the others' barrier waits for it. */
async function decode(
  { model, pool, barrier, contextTokensMax }: Generator,
  { prompt, request, onPiece, signal }: Plan,
  { lease, rest, generated, sampling }: Run,
): Promise<Pick<Generation, 'finish' | 'completionTokens'>> {
  const sampled: SampledLogprob[] = [];
  const tokensMax = Math.min(request.maxTokens ?? Infinity, contextTokensMax - prompt.length);
  const detokenizer = createDetokenizer(model, prompt);
  const cutter = createStopCutter(request, onPiece);
  const say = (text: string): boolean => {
    if (text === '' && sampled.length === 0) return false;
    const tokens = request.topLogprobs === undefined ? undefined : pieceLogprobs(sampled.splice(0), text);
    return cutter.push(tokens === undefined ? { text } : { text, tokens });
  };
  let finish: Generation['finish'] = 'stop';
  let isStopped = false;
  for await (const { token, probabilities } of steps(lease, rest, sampling, request.topLogprobs !== undefined)) {
    generated.push(token);
    barrier.enter(lease.index);
    if (request.topLogprobs !== undefined) sampled.push(sampledLogprob(model, token, probabilities ?? new Map(), request.topLogprobs));
    const text = detokenizer.push(token);
    if (text !== undefined && say(text)) isStopped = true;
    if (isStopped) break;
    if (signal.aborted) finish = 'cancelled';
    else if (generated.length >= tokensMax) finish = 'length';
    if (finish !== 'stop') break;
    const closed = pool.gate.closed();
    if (closed !== undefined) await closed;
  }
  if (!isStopped && !say(detokenizer.flush())) cutter.finish();
  return { finish, completionTokens: generated.length };
}

interface Step {
  readonly token: Token;
  readonly probabilities?: Map<Token, number>;
}

function steps({ sequence, index }: Lease, tokens: Token[], sampling: SequenceEvaluateOptions, wantsProbabilities: boolean): AsyncIterable<Step> {
  const options = { ...sampling, evaluationPriority: priorityOf(index) };
  // The probabilities are of the whole vocabulary, some milliseconds a token: only for who asked.
  if (!wantsProbabilities) return sequence.evaluateWithMetadata(tokens, {}, options);
  return sequence.evaluateWithMetadata(tokens, { probabilities: true }, options);
}
