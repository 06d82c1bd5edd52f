import type { GenerateRequest, Piece, TokenLogprob } from './engine.ts';
import { TOOL_CALL_OPEN } from './tools.ts';

export interface StopCutter {
  /** Takes the next piece; true once a stop string was met, after which nothing more is emitted. */
  push(piece: Piece): boolean;
  /** Emits what was held back because it might have begun a stop string. */
  finish(): void;
}

/**
 * Emits pieces up to the first stop string and none of its text (C14). What may be a stop string's beginning is held back;
 * pieces with log probabilities are held whole, so that their tokens stay with their text (C20).
 */
export function createStopCutter({ stop: stops, tools, format }: Pick<GenerateRequest, 'stop' | 'tools' | 'format'>, emit: (piece: Piece) => void): StopCutter {
  const held: Piece[] = [];
  let text = '';
  // Calls are data: a stop string in an argument, or in the white space round it, would leave half a call.
  let isCall = tools?.mode === 'required';
  let marks = tools ? [TOOL_CALL_OPEN] : [];
  let beginning = '';

  const release = (length: number): void => {
    let left = length;
    for (let piece = held[0]; piece !== undefined && left > 0; piece = held[0]) {
      if (piece.text.length <= left) {
        held.shift();
        left -= piece.text.length;
        emit(piece);
      } else if (piece.tokens === undefined) {
        emit({ text: piece.text.slice(0, left) });
        held[0] = { text: piece.text.slice(left) };
        left = 0;
      } else break;
    }
    text = held.map((piece) => piece.text).join('');
  };

  const finish = (): void => {
    for (const piece of held.splice(0)) emit(piece);
    text = '';
  };

  return {
    push(piece) {
      if (isCall) {
        emit(piece);
        return false;
      }
      held.push(piece);
      text += piece.text;
      if (format.type !== 'text' && marks.length > 0) {
        beginning = (beginning + piece.text).trimStart();
        // An answer in JSON is a call from its first character, or none: further on a mark is data.
        if (!beginning.startsWith(TOOL_CALL_OPEN) && !TOOL_CALL_OPEN.startsWith(beginning)) marks = [];
      }
      const at = firstStop(text, stops);
      const mark = firstStop(text, marks);
      if (mark >= 0 && (at < 0 || mark <= at)) {
        isCall = true;
        finish();
        return false;
      }
      if (at < 0) {
        release(text.length - openTail(text, stops.length > 0 ? [...stops, ...marks] : stops));
        return false;
      }
      release(at);
      const rest = held[0];
      if (rest?.tokens !== undefined && text.length > 0) emitCut(rest, firstStop(text, stops), emit);
      held.length = 0;
      text = '';
      return true;
    },
    finish,
  };
}

function firstStop(text: string, stops: readonly string[]): number {
  let first = -1;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

/** Length of the longest end of `text` that begins a stop string. */
function openTail(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}

/** Emits the first `length` characters of a piece that carries log probabilities; the token at the cut is shortened. */
function emitCut(piece: Piece, length: number, emit: (piece: Piece) => void): void {
  if (length <= 0) return;
  const tokens: TokenLogprob[] = [];
  let left = length;
  for (const token of piece.tokens ?? []) {
    if (left <= 0) break;
    const kept = token.token.slice(0, left);
    tokens.push(kept === token.token ? token : { ...token, token: kept, bytes: [...Buffer.from(kept)] });
    left -= kept.length;
  }
  emit({ text: piece.text.slice(0, length), tokens });
}
