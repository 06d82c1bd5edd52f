import type { EngineUsage } from './engine-wire.ts';

/** Where the frames of an event stream end, and what OpenAI's answers and our engines' comments say of usage. Texts hold one byte a character (latin1). */
export const FRAME_END = '\n\n';
/** As servers on other platforms end a frame; met in few streams, so looked for once a run of bytes. */
const FRAME_END_CRLF = '\n\r\n';

/** Where the frame that starts at `from` ends, its empty line included; -1 while it doesn't. */
export function plainEnd(text: string, from: number): number {
  const at = text.indexOf(FRAME_END, from);
  return at < 0 ? at : at + FRAME_END.length;
}

/** Where the frame that starts at `from` ends, its empty line included, whichever way lines end; -1 while it doesn't. */
export function frameEnd(text: string, from: number): number {
  const plain = plainEnd(text, from);
  const at = text.indexOf(FRAME_END_CRLF, from);
  const crlf = at < 0 ? at : at + FRAME_END_CRLF.length;
  return plain < 0 || (crlf >= 0 && crlf < plain) ? crlf : plain;
}

/** The counts in a usage comment or header; undefined when they are not counts. */
export function parseUsage(text: string | undefined): EngineUsage | undefined {
  if (text === undefined) return undefined;
  try {
    const { promptTokens, cachedTokens, completionTokens } = JSON.parse(text) as Record<string, unknown>;
    if (!isCount(promptTokens) || !isCount(cachedTokens) || !isCount(completionTokens)) return undefined;
    return { promptTokens, cachedTokens, completionTokens };
  } catch {
    return undefined;
  }
}

/** The `usage` object of a whole OpenAI answer: found in its tail, the answer itself is not parsed. */
export function usageInTail(body: Buffer): EngineUsage | undefined {
  return usageInText(body.toString('latin1'));
}

export function usageInText(text: string): EngineUsage | undefined {
  const at = text.lastIndexOf('"usage":');
  if (at < 0) return undefined;
  const match = /^"usage":\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})/.exec(text.slice(at, at + 2_048));
  if (!match?.[1]) return undefined;
  try {
    const usage = JSON.parse(match[1]) as { prompt_tokens?: unknown; completion_tokens?: unknown; prompt_tokens_details?: { cached_tokens?: unknown } };
    const completionTokens = usage.completion_tokens ?? 0;
    const cachedTokens = usage.prompt_tokens_details?.cached_tokens ?? 0;
    if (!isCount(usage.prompt_tokens) || !isCount(completionTokens) || !isCount(cachedTokens)) return undefined;
    return { promptTokens: usage.prompt_tokens, cachedTokens, completionTokens };
  } catch {
    return undefined;
  }
}

/** No call has so many tokens: more is no count, and the call is estimated. */
const TOKENS_MAX = 1_000_000_000;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= TOKENS_MAX;
}
