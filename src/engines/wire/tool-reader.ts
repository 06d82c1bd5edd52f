import { TOOL_CALL_CLOSE, TOOL_CALL_OPEN } from '../tools.ts';

/** What an answer turns out to be, as it comes. */
export interface ToolEvents {
  text(text: string): void;
  /** A call begins: the `index`-th of the answer. */
  call(index: number, name: string): void;
  /** The next part of its arguments' JSON. */
  argument(index: number, fragment: string): void;
}

const HEAD = /^\s*(?:<tool_call>)?\s*\{\s*"name"\s*:\s*"((?:[^"\\]|\\.)*)"\s*,\s*"arguments"\s*:\s*/;
/** A head longer than this is none. */
const HEAD_CHARACTERS_MAX = 2_048;

/**
 * Tells text from calls in what a model writes: calls are `{"name": …, "arguments": {…}}`, one after the other, in marks or, where the answer begins with them, not
 * (the form of Hermes and Qwen). A text may come first. Where answers are JSON, calls have marks, and any other answer is one text. Arguments are passed on as they come, without what stands round them.
 */
export class ToolReader {
  readonly #events: ToolEvents;
  readonly #answersInJson: boolean;
  #rest = '';
  #mode: 'undecided' | 'text' | 'head' | 'arguments' | 'after' | 'plain' = 'undecided';
  #index = -1;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(events: ToolEvents, { answersInJson }: { readonly answersInJson: boolean }) {
    this.#events = events;
    this.#answersInJson = answersInJson;
  }

  /** Calls that have begun. */
  get calls(): number {
    return this.#index + 1;
  }

  push(text: string): void {
    this.#rest += text;
    while (this.#rest !== '' && this.#step());
  }

  /** What is left undecided at the end is text. */
  end(): void {
    if (this.#index < 0) this.#say(this.#rest);
    this.#rest = '';
  }

  /** Returns whether more can be said of what has come. */
  #step(): boolean {
    switch (this.#mode) {
      case 'plain':
        this.#say(this.#rest);
        this.#rest = '';
        return false;
      case 'text':
        return this.#text();
      case 'undecided':
        return this.#decide();
      case 'head':
        return this.#head();
      case 'arguments':
        return this.#arguments();
      case 'after':
        return this.#after();
    }
  }

  #decide(): boolean {
    const start = this.#rest.trimStart();
    if (start === '' || (start.length < TOOL_CALL_OPEN.length && TOOL_CALL_OPEN.startsWith(start))) return false;
    if (start.startsWith(TOOL_CALL_OPEN)) this.#mode = 'head';
    else if (this.#answersInJson) this.#mode = 'plain';
    else this.#mode = start.startsWith('{') ? 'head' : 'text';
    return true;
  }

  /** Up to a mark; white space before one is not said, so it is held back with what may be a mark's beginning. */
  #text(): boolean {
    const mark = this.#rest.indexOf(TOOL_CALL_OPEN);
    const said = mark < 0 ? beforeOpenEnd(this.#rest) : this.#rest.slice(0, mark).trimEnd();
    this.#say(said);
    this.#rest = this.#rest.slice(mark < 0 ? said.length : mark);
    if (mark >= 0) this.#mode = 'head';
    return mark >= 0;
  }

  #say(text: string): void {
    if (text !== '') this.#events.text(text);
  }

  #head(): boolean {
    const match = HEAD.exec(this.#rest);
    if (!match || match[0].length === this.#rest.length) {
      if (this.#rest.length <= HEAD_CHARACTERS_MAX) return false;
      this.#mode = this.#index < 0 ? 'plain' : 'after';
      return this.#mode === 'plain';
    }
    this.#rest = this.#rest.slice(match[0].length);
    this.#events.call(++this.#index, JSON.parse(`"${match[1] ?? ''}"`) as string);
    this.#mode = 'arguments';
    this.#depth = 0;
    return true;
  }

  /** The arguments end where their outermost brace does. */
  #arguments(): boolean {
    for (let at = 0; at < this.#rest.length; at++) {
      if (!this.#closes(this.#rest[at] ?? '')) continue;
      this.#events.argument(this.#index, this.#rest.slice(0, at + 1));
      this.#rest = this.#rest.slice(at + 1);
      this.#mode = 'after';
      return true;
    }
    this.#events.argument(this.#index, this.#rest);
    this.#rest = '';
    return false;
  }

  #closes(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = true;
    else if (character === '{' || character === '[') this.#depth++;
    else if (character === '}' || character === ']') return --this.#depth === 0;
    return false;
  }

  /** Between calls: closing brace, marks, white space. */
  #after(): boolean {
    const rest = this.#rest.replace(/^\s*\}/, '').trimStart();
    for (const mark of [TOOL_CALL_CLOSE, TOOL_CALL_OPEN]) {
      if (rest.startsWith(mark)) {
        this.#rest = rest.slice(mark.length);
        return this.#rest !== '';
      }
      if (mark.startsWith(rest)) {
        this.#rest = rest;
        return false;
      }
    }
    if (!rest.startsWith('{')) {
      // Whatever else a model says after its calls is not for anybody.
      this.#rest = '';
      return false;
    }
    this.#rest = rest;
    this.#mode = 'head';
    return true;
  }
}

/** A reader, and what it has found so far. */
export function collectingReader(options: { readonly answersInJson: boolean }): {
  readonly reader: ToolReader;
  readonly found: { text: string; readonly calls: { name: string; arguments: string }[] };
} {
  const found = { text: '', calls: [] as { name: string; arguments: string }[] };
  const events: ToolEvents = {
    text: (text) => (found.text += text),
    call: (index, name) => (found.calls[index] = { name, arguments: '' }),
    argument(index, fragment) {
      const call = found.calls[index];
      if (call) call.arguments += fragment;
    },
  };
  return { reader: new ToolReader(events, options), found };
}

/** The text without white space at its end, nor the beginning of a mark. */
function beforeOpenEnd(text: string): string {
  for (let length = Math.min(TOOL_CALL_OPEN.length - 1, text.length); length > 0; length--) {
    if (TOOL_CALL_OPEN.startsWith(text.slice(-length))) return text.slice(0, -length).trimEnd();
  }
  return text.trimEnd();
}
