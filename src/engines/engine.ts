import type { Tensor, TensorSignature } from '../contract/tensor.ts';
import type { ToolCall, ToolUse } from './tools.ts';

/**
 * What an engine is. It serves one model version and knows nothing of tenants, keys or prices.
 * `host.ts` puts it on a socket in the OpenAI or the OIP v2 dialect; an engine sees values, never HTTP.
 * All methods reject with a `Fault` for bad input and with any other error for a failure of the engine itself.
 */
export type Engine = TextEngine | TensorEngine;

interface EngineBase {
  /** How many calls it runs at once; the gateway sends no more. */
  readonly slots: number;
  /** One tiny real inference. The engine is ready when this has resolved. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

export interface TextEngine extends EngineBase {
  readonly dialect: 'openai';
  /** Generates one sequence. Resolves, with what was really computed, also when `signal` aborts. */
  generate(request: GenerateRequest, onPiece: (piece: Piece) => void, signal: AbortSignal): Promise<Generation>;
  /** One unit-norm vector per input, in input order. */
  embed(inputs: readonly Prompt[], signal: AbortSignal, requestId?: string): Promise<Embeddings>;
  /** Token ids as the model would see the prompt. */
  tokenize(prompt: Prompt): Promise<readonly number[]>;
}

export interface TensorEngine extends EngineBase {
  readonly dialect: 'oip';
  /** What callers may send and receive (of the pipeline, where one is declared). */
  readonly signature: TensorSignature;
  /** `outputs` are the wanted names in the wanted order; empty means all. The inputs were checked against the signature. */
  infer(inputs: readonly Tensor[], outputs: readonly string[], signal: AbortSignal): Promise<readonly Tensor[]>;
}

export type Prompt =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tokens'; readonly tokens: readonly number[] }
  | { readonly type: 'messages'; readonly messages: readonly ChatMessage[] };

export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Calls that the assistant made. */
  readonly toolCalls?: readonly ToolCall[];
  /** Of a tool's answer: which call it answers. */
  readonly toolCallId?: string;
}

export interface GenerateRequest {
  readonly prompt: Prompt;
  /** Tokens at most; absent: up to the end of the context. */
  readonly maxTokens?: number;
  readonly temperature: number;
  readonly topP: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** Token id → bias, -100 to 100. */
  readonly logitBias: ReadonlyMap<number, number>;
  readonly seed?: number;
  /** Generation ends before the first of these; none of their text is emitted. */
  readonly stop: readonly string[];
  /** Absent: no log probabilities. 0: only the chosen token's. n: the n likeliest beside it. */
  readonly topLogprobs?: number;
  readonly format: { readonly type: 'text' } | { readonly type: 'json' } | { readonly type: 'json_schema'; readonly schema: unknown };
  /** Functions that it may call, in the form that `wire/tool-reader.ts` reads; absent: none. Beside another format than text it calls, or answers in that. */
  readonly tools?: ToolUse;
  /** A cached prefix is reused only under an equal salt. */
  readonly cacheSalt: string;
  /** The call's own, for an engine that keeps a log; absent: nobody's call. */
  readonly requestId?: string;
}

/** A run of whole UTF-8 characters; `tokens` has one entry per token when log probabilities were asked for. */
export interface Piece {
  readonly text: string;
  readonly tokens?: readonly TokenLogprob[];
}

export interface LogprobEntry {
  readonly token: string;
  readonly bytes: readonly number[];
  readonly logprob: number;
}

export interface TokenLogprob extends LogprobEntry {
  readonly top: readonly LogprobEntry[];
}

export interface Generation {
  readonly finish: 'stop' | 'length' | 'cancelled';
  readonly promptTokens: number;
  /** Of the prompt, how many came from the prefix cache. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

export interface Embeddings {
  readonly vectors: readonly Float32Array[];
  readonly promptTokens: number;
}
