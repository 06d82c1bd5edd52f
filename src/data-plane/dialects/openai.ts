import { type EngineUsage, USAGE_COMMENT } from '../../contract/engine-wire.ts';

/**
 * Reads an upstream's OpenAI-style event stream as it passes: takes the private usage comment out, holds the terminator
 * back, counts what it must in case no usage comes. Frames are never parsed or written anew.
 */
const FRAME_END = Buffer.from('\n\n');
/** As servers on other platforms end a frame; met in few streams, so looked for once a run of bytes. */
const FRAME_END_CRLF = Buffer.from('\n\r\n');
const COMMENT = Buffer.from(USAGE_COMMENT);
const DONE_FORMS = [Buffer.from('data: [DONE]'), Buffer.from('data:[DONE]')];
const DONE = Buffer.from('data: [DONE]\n\n');
const EVENT = Buffer.from('event:');
const ERROR_MARK = Buffer.from('"error"');
const ERROR_FRAME = /^event: ?error\s|^data: ?\{\s*"error"\s*:\s*(?!null)/m;
const CONTENT_MARKS = [Buffer.from('"content":'), Buffer.from('"text":')];
const USAGE_MARK = Buffer.from('"usage":');
const SPACE = 0x20;
const QUOTE = 0x22;
/** A frame longer than this is not one that an engine sends. */
const FRAME_BYTES_MAX = 1_048_576;

export class StreamTap {
  #rest: Buffer = Buffer.alloc(0);
  #exact: EngineUsage | undefined;
  #reported: EngineUsage | undefined;
  #done: Buffer | undefined;
  #contentFrames = 0;
  #errored = false;

  /** Exact, from our engine's comment or else a foreign one's usage chunk; undefined while neither has come. */
  get usage(): EngineUsage | undefined {
    return this.#exact ?? this.#reported;
  }

  /** The terminator, once it has come. It is not passed on: it is sent when the usage record is safe. */
  get done(): Buffer | undefined {
    return this.#done;
  }

  /** Frames that carried text: the local count for an upstream that tells no usage (M12). Error frames don't count (M16). */
  get contentFrames(): number {
    return this.#contentFrames;
  }

  /** The upstream reported an error inside its stream. */
  get errored(): boolean {
    return this.#errored;
  }

  /** Takes the next bytes; returns the whole frames that may go to the client now, as one run of bytes. */
  push(chunk: Buffer): Uint8Array {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const pass: Uint8Array[] = [];
    const endOf = bytes.includes(FRAME_END_CRLF) ? eitherEnd : plainEnd;
    let runStart = 0;
    let start = 0;
    for (let next = endOf(bytes, 0); next >= 0; next = endOf(bytes, start)) {
      if (!this.#passes(bytes.subarray(start, next))) {
        if (start > runStart) pass.push(bytes.subarray(runStart, start));
        runStart = next;
      }
      start = next;
    }
    if (start > runStart) pass.push(bytes.subarray(runStart, start));
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > FRAME_BYTES_MAX) throw new RangeError('the upstream sent an endless frame');
    return pass.length === 1 && pass[0] ? pass[0] : Buffer.concat(pass);
  }

  #passes(frame: Buffer): boolean {
    if (startsWith(frame, COMMENT)) {
      this.#exact = parseUsage(frame.subarray(COMMENT.length).toString());
      return false;
    }
    // Nothing follows the terminator (C6).
    if (this.#done) return false;
    if (DONE_FORMS.some((form) => startsWith(frame, form))) {
      this.#done = DONE;
      return false;
    }
    if ((frame.includes(ERROR_MARK) || startsWith(frame, EVENT)) && ERROR_FRAME.test(frame.toString('latin1'))) this.#errored = true;
    else if (CONTENT_MARKS.some((mark) => hasText(frame, mark))) this.#contentFrames++;
    if (frame.includes(USAGE_MARK)) this.#reported = usageInTail(frame) ?? this.#reported;
    return true;
  }
}

/** Where the frame that starts at `from` ends, its empty line included; -1 while it doesn't. */
function plainEnd(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(FRAME_END, from);
  return at < 0 ? at : at + FRAME_END.length;
}

function eitherEnd(bytes: Buffer, from: number): number {
  const plain = plainEnd(bytes, from);
  const at = bytes.indexOf(FRAME_END_CRLF, from);
  const crlf = at < 0 ? at : at + FRAME_END_CRLF.length;
  return plain < 0 || (crlf >= 0 && crlf < plain) ? crlf : plain;
}

/** Whether the field is there with a text that is not empty: a chunk that only names the role says nothing. */
function hasText(frame: Buffer, mark: Buffer): boolean {
  let at = frame.indexOf(mark);
  if (at < 0) return false;
  at += mark.length;
  if (frame[at] === SPACE) at++;
  return frame[at] === QUOTE && frame[at + 1] !== QUOTE;
}

function startsWith(frame: Buffer, mark: Buffer): boolean {
  return frame.length >= mark.length && frame.compare(mark, 0, mark.length, 0, mark.length) === 0;
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
  const at = body.lastIndexOf('"usage":');
  if (at < 0) return undefined;
  const match = /^"usage":\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})/.exec(body.subarray(at, at + 2_048).toString());
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

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Tokens by the rule of thumb for upstreams that tell none: four bytes each. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}
