import type { Prompt } from '../engine.ts';
import { Fault, httpStatus, type FaultKind } from '../../contract/errors.ts';

const TOKENS_MAX = 1_000_000;
const DIRECTIVE = /\[\[(tokens|delay-ms|error|crash|hang|freeze|empty|call)(?::(\d{1,9}))?\]\]/gu;
const KINDS: readonly FaultKind[] = ['invalid_argument', 'not_found', 'rate_limited', 'internal', 'bad_upstream', 'unavailable', 'deadline_exceeded'];

/** What an echo engine does for one call. */
export interface Script {
  readonly words: readonly string[];
  readonly delayMs: number;
  readonly errorStatus?: number;
  /** How many calls of a tool it makes, where it may choose. */
  readonly calls: number;
  readonly isCrash: boolean;
  readonly isHang: boolean;
  readonly isFrozen: boolean;
}

/**
 * Reads the directives in the last user message (or the prompt); what remains of it is echoed word by word, one token each:
 * `[[tokens:N]]` exactly N tokens, the words again and again · `[[delay-ms:N]]` before each token · `[[error:STATUS]]` fail
 * after what words there are · `[[crash]]` abort the process · `[[hang]]` never answer a call · `[[freeze]]` keep the process's main thread busy for ever · `[[call:N]]` N calls of the first tool, if the caller has any · `[[empty]]` no token.
 * `defaults` are the manifest's engineOptions: `delayMs`, `tokens`.
 */
export function readScript(text: string, defaults: Readonly<Record<string, unknown>>): Script {
  const found = new Map([...text.matchAll(DIRECTIVE)].map((match) => [match[1] ?? '', Number(match[2] ?? 0)]));
  const spoken = wordsOf(text.replace(DIRECTIVE, ' ').trim());
  const count = found.has('empty') ? 0 : (found.get('tokens') ?? wholeNumber(defaults.tokens) ?? spoken.length);
  const errorStatus = found.get('error');
  return {
    words: repeated(spoken, Math.min(count, TOKENS_MAX)),
    delayMs: found.get('delay-ms') ?? wholeNumber(defaults.delayMs) ?? 0,
    ...(errorStatus !== undefined && { errorStatus }),
    calls: found.get('call') ?? 0,
    isCrash: found.has('crash'),
    isHang: found.has('hang'),
    isFrozen: found.has('freeze'),
  };
}

export function scriptFault(status: number): Error {
  const kind = KINDS.find((one) => httpStatus(one) === status);
  return kind === undefined || kind === 'internal' ? new Error('scripted failure') : new Fault(kind, 'scripted_error', 'The message asked for this error.');
}

/** The last user message, or the answer of a tool that comes last; else the prompt's text; token ids read as words `t1 t2`. */
export function spokenText(prompt: Prompt): string {
  if (prompt.type === 'text') return prompt.text;
  if (prompt.type === 'tokens') return prompt.tokens.map((id) => `t${id}`).join(' ');
  const last = prompt.messages.at(-1);
  const spoken = last?.role === 'tool' ? last : prompt.messages.findLast(({ role }) => role === 'user');
  return (spoken ?? last)?.content ?? '';
}

/** Words with the space before them, so that joined words are the text. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+/gu) ?? [];
}

export function promptWords(prompt: Prompt): string[] {
  return prompt.type === 'messages' ? prompt.messages.flatMap(({ role, content }) => [role, ...wordsOf(content)]) : wordsOf(spokenText(prompt));
}

function repeated(words: readonly string[], count: number): string[] {
  const pattern = words.length === 0 ? ['word'] : words;
  return Array.from({ length: count }, (_, i) => {
    const word = pattern[i % pattern.length] ?? '';
    return i > 0 && !/^\s/u.test(word) ? ` ${word}` : word;
  });
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}
