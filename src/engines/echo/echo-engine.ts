import { createHash } from 'node:crypto';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import { Fault } from '../../contract/errors.ts';
import type { Embeddings, GenerateRequest, Generation, Piece, Prompt, TextEngine } from '../engine.ts';
import { createStopCutter } from '../stop-cutter.ts';
import { TOOL_CALL_CLOSE, TOOL_CALL_OPEN, type ToolUse } from '../tools.ts';
import { promptWords, readScript, scriptFault, spokenText, wordsOf, type Script } from './script.ts';

const SLOTS_DEFAULT = 8;
const CONTEXT_TOKENS_DEFAULT = 1_000_000;
const DIMENSIONS = 8;
const LOGPROB = -0.5;

/**
 * A deterministic text engine for tests: echoes the last user message word by word, one token each, under the directives that
 * `script.ts` documents. JSON formats answer `{"echo": text}` as one token. A prefix is cached as a whole prompt under its salt.
 * engineOptions: `slots`, `contextSize`, `delayMs`, `tokens`; `failEvery` N: each N-th call fails; `failStart`: it never becomes ready.
 */
export function createEchoEngine(spec: Pick<EngineSpec, 'manifest'>, clock: Clock = systemClock): TextEngine {
  const options = spec.manifest.engineOptions;
  const contextTokens = numberOption(options.contextSize, CONTEXT_TOKENS_DEFAULT);
  const cached = createPromptCache();
  const failEvery = numberOption(options.failEvery, 0);
  let calls = 0;
  return {
    dialect: 'openai',
    slots: numberOption(options.slots, SLOTS_DEFAULT),
    warmUp: () => (options.failStart === true ? Promise.reject(new Error('its manifest says that it does not start')) : Promise.resolve()),
    close: () => Promise.resolve(),
    tokenize: (prompt) => Promise.resolve(promptWords(prompt).map(idOf)),
    async generate(request, onPiece, signal) {
      calls += 1;
      if (failEvery > 0 && calls % failEvery === 0) throw scriptFault(500);
      const words = promptWords(request.prompt);
      if (words.length >= contextTokens)
        throw new Fault('invalid_argument', 'context_length_exceeded', `This model's context is ${contextTokens} tokens, and the input has ${words.length}.`, {
          param: 'messages',
        });
      const cachedTokens = cached.take(request.cacheSalt, words);
      const script = scriptOf(request, options);
      const { finish, completionTokens } = await speak(script, request, { clock, onPiece, signal, tokensMax: contextTokens - words.length });
      return { finish, promptTokens: words.length, cachedTokens, completionTokens };
    },
    async embed(inputs, signal): Promise<Embeddings> {
      for (const input of inputs) await obey(readScript(spokenText(input), options), clock, signal);
      return { vectors: inputs.map(vectorOf), promptTokens: inputs.reduce((sum, input) => sum + promptWords(input).length, 0) };
    },
  };
}

function scriptOf(request: GenerateRequest, options: Readonly<Record<string, unknown>>): Script {
  const script = readScript(spokenText(request.prompt), options);
  const { tools } = request;
  const calls = tools?.mode === 'required' ? Math.max(1, script.calls) : script.calls;
  if (tools && calls > 0) return { ...script, words: callsOf(tools, tools.isParallel ? calls : 1, script.words.join('')) };
  return request.format.type === 'text' ? script : { ...script, words: [JSON.stringify({ echo: script.words.join('') })] };
}

/** Calls of the first function, each with what was said as its argument, a word a token. */
function callsOf({ functions }: ToolUse, count: number, text: string): string[] {
  const call = JSON.stringify({ name: functions[0]?.name ?? '', arguments: { text } });
  return Array.from({ length: count }, () => [TOOL_CALL_OPEN, ...(call.match(/[^ ]+ ?/gu) ?? []), TOOL_CALL_CLOSE]).flat();
}

interface Speech {
  readonly clock: Clock;
  readonly onPiece: (piece: Piece) => void;
  readonly signal: AbortSignal;
  readonly tokensMax: number;
}

async function speak(script: Script, request: GenerateRequest, { clock, onPiece, signal, tokensMax }: Speech): Promise<Pick<Generation, 'finish' | 'completionTokens'>> {
  const cutter = createStopCutter(request, onPiece);
  const limit = Math.min(request.maxTokens ?? Infinity, tokensMax);
  let completionTokens = 0;
  await obey(script, clock, signal);
  for (const word of script.words) {
    if (completionTokens >= limit) return end('length');
    if (script.delayMs > 0) await wait(clock, script.delayMs, signal);
    if (signal.aborted) return end('cancelled');
    completionTokens += 1;
    if (cutter.push(pieceOf(word, request.topLogprobs))) return { finish: 'stop', completionTokens };
  }
  if (script.errorStatus !== undefined && script.words.length > 0) throw scriptFault(script.errorStatus);
  return end(signal.aborted ? 'cancelled' : 'stop');

  function end(finish: Generation['finish']): Pick<Generation, 'finish' | 'completionTokens'> {
    cutter.finish();
    return { finish, completionTokens };
  }
}

/** Crashes, hangs until aborted, or fails at once where there is no word to say first. */
async function obey(script: Script, clock: Clock, signal: AbortSignal): Promise<void> {
  if (script.isCrash) process.abort();
  if (script.isFrozen) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (script.isHang) await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
  if (script.errorStatus !== undefined && (script.words.length === 0 || script.words.join('') === '')) throw scriptFault(script.errorStatus);
}

async function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.after(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function pieceOf(text: string, topLogprobs: number | undefined): Piece {
  if (topLogprobs === undefined) return { text };
  const entry = { token: text, bytes: [...Buffer.from(text)], logprob: LOGPROB };
  return { text, tokens: [{ ...entry, top: topLogprobs > 0 ? [entry] : [] }] };
}

const PROMPTS_CACHED_MAX = 256;

/** The longest earlier prompt that begins this one, in words, under an equal salt; at least one word is computed. */
function createPromptCache(): { take(salt: string, words: readonly string[]): number } {
  const held: { salt: string; words: readonly string[] }[] = [];
  return {
    take(salt, words) {
      let best = 0;
      for (const one of held) {
        if (one.salt !== salt) continue;
        const differs = one.words.findIndex((word, i) => word !== words[i]);
        best = Math.max(best, Math.min(differs < 0 ? one.words.length : differs, words.length - 1));
      }
      held.push({ salt, words });
      if (held.length > PROMPTS_CACHED_MAX) held.shift();
      return Math.max(0, best);
    },
  };
}

function idOf(word: string): number {
  return createHash('sha256').update(word.trim()).digest().readUInt16LE(0);
}

/** A unit vector that depends on the text alone. */
function vectorOf(input: Prompt): Float32Array {
  const bytes = createHash('sha256')
    .update(wordsOf(spokenText(input)).join(''))
    .digest();
  const values = Array.from({ length: DIMENSIONS }, (_, i) => bytes.readInt16LE(i * 2) + 0.5);
  const norm = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / norm);
}

function numberOption(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : otherwise;
}
