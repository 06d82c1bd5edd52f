import type { LlamaModel, Token } from 'node-llama-cpp';

/** What a byte-level tokenizer's character can be spread over, with room for a neighbour on each side. */
const HELD_TOKENS_MAX = 12;
const CONTEXT_TOKENS = 4;
const REPLACEMENT = '\uFFFD';

export interface Detokenizer {
  /** The text that this token completes, or undefined while a character is unfinished. */
  push(token: Token): string | undefined;
  /** What can still be said at the end; an unfinished character is dropped. */
  flush(): string;
}

/** Tokens → whole UTF-8 characters (C36), with the tokens before as context for leading spaces. */
export function createDetokenizer(model: LlamaModel, prompt: readonly Token[]): Detokenizer {
  let before = prompt.slice(-CONTEXT_TOKENS);
  let pending: Token[] = [];
  const text = (): string => model.detokenize(pending, false, before);
  const accept = (): void => {
    before = [...before, ...pending].slice(-CONTEXT_TOKENS);
    pending = [];
  };
  return {
    push(token) {
      pending.push(token);
      const piece = text();
      if (piece.endsWith(REPLACEMENT) && pending.length < HELD_TOKENS_MAX) return undefined;
      accept();
      return piece;
    },
    flush() {
      const piece = text().replace(/\uFFFD+$/u, '');
      accept();
      return piece;
    },
  };
}
