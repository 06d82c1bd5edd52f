import { type EngineUsage, USAGE_COMMENT } from '../../contract/engine-wire.ts';
import { FRAME_END, frameEnd, parseUsage, plainEnd, usageInText } from '../../contract/openai-stream.ts';

/**
 * Reads an upstream's OpenAI-style event stream as it passes: takes the private usage comment out, holds the terminator
 * back, counts what it must in case no usage comes. Frames are never parsed or written anew.
 */
const DONE_FORM = /^data: ?\[DONE\]/;
const DONE = Buffer.from('data: [DONE]\n\n');
/** What few frames have: those that do are looked at more closely. */
const RARE = /"error"|"usage":|^event:/;
const ERROR_FRAME = /^event: ?error\s|^data: ?\{\s*"error"\s*:\s*(?!null)/m;
/** A field with a text that is not empty, of an answer or of a call: a chunk that only names the role says nothing. */
const TEXT_FIELD = /"(?:content|text|arguments)": ?"(?!")/;
const NEWLINE = 0x0a;
const NOTHING = new Uint8Array(0);
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
    // Nearly every chunk is one whole frame: nothing is cut out of it, and nothing copied.
    if (this.#rest.length === 0 && chunk.at(-1) === NEWLINE) {
      const text = chunk.toString('latin1');
      if (text.indexOf(FRAME_END) === text.length - FRAME_END.length && !text.includes('\r')) return this.#passes(text) ? chunk : NOTHING;
    }
    return this.#pushMany(this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk);
  }

  #pushMany(bytes: Buffer): Uint8Array {
    // One character is one byte, so that places in the text are places in the bytes.
    const text = bytes.toString('latin1');
    const pass: Uint8Array[] = [];
    const endOf = text.includes('\r') ? frameEnd : plainEnd;
    let runStart = 0;
    let start = 0;
    for (let next = endOf(text, 0); next >= 0; next = endOf(text, start)) {
      if (!this.#passes(text.slice(start, next))) {
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

  #passes(frame: string): boolean {
    if (frame.startsWith(USAGE_COMMENT)) {
      this.#exact = parseUsage(frame.slice(USAGE_COMMENT.length));
      return false;
    }
    // Nothing follows the terminator (C6).
    if (this.#done) return false;
    if (DONE_FORM.test(frame)) {
      this.#done = DONE;
      return false;
    }
    const isRare = RARE.test(frame);
    if (isRare && ERROR_FRAME.test(frame)) this.#errored = true;
    else if (TEXT_FIELD.test(frame)) this.#contentFrames++;
    if (isRare) this.#reported = usageInText(frame) ?? this.#reported;
    return true;
  }
}

/** Tokens by the rule of thumb for upstreams that tell none: four bytes each. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}
