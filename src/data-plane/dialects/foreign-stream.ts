import { USAGE_COMMENT } from '../../contract/engine-wire.ts';
import { frameEnd, usageInText } from '../../contract/openai-stream.ts';

/** The parts of a chunk that tell usage and nothing else. */
const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;
/** Inside a text of the answer its quotes would be escaped. */
const USAGE_NULL = /,\s*"usage"\s*:\s*null|(?<=\{\s*)"usage"\s*:\s*null\s*,?/g;
/** A frame longer than this is not one that a server sends. */
const FRAME_BYTES_MAX = 1_048_576;

/**
 * A foreign server's stream whose usage was asked for by us and not by the client: the chunk that tells it becomes the comment in which our engines tell theirs, and the
 * other chunks lose their `usage: null` (C9).
 */
export class ForeignStream {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws RangeError for an endless frame */
  push(chunk: Buffer): Buffer {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    // One character is one byte, so that places in the text are places in the bytes.
    const text = bytes.toString('latin1');
    let start = 0;
    let out = '';
    for (let next = frameEnd(text, 0); next >= 0; next = frameEnd(text, start)) {
      out += translate(text.slice(start, next));
      start = next;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    if (this.#rest.length > FRAME_BYTES_MAX) throw new RangeError('the upstream sent an endless frame');
    return Buffer.from(out, 'latin1');
  }
}

function translate(frame: string): string {
  if (!frame.includes('"usage"')) return frame;
  const usage = NO_CHOICES.test(frame) ? usageInText(frame) : undefined;
  return usage ? `${USAGE_COMMENT}${JSON.stringify(usage)}\n\n` : frame.replaceAll(USAGE_NULL, '');
}
