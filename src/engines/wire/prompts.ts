import { invalid } from '../../contract/errors.ts';
import type { Prompt } from '../engine.ts';

const PROMPTS_MAX = 2048;

/** A prompt or input in any of its four forms: text, texts, token ids, lists of token ids (C39, C47). */
export function promptsField(value: unknown, name: string): Prompt[] {
  if (typeof value === 'string') return [textPrompt(value, name)];
  if (!Array.isArray(value) || value.length === 0) throw invalid(`"${name}" must be a non-empty string, list of strings, list of token ids, or list of such lists.`, name);
  if (isIds(value)) return [{ type: 'tokens', tokens: value }];
  if (value.length > PROMPTS_MAX) throw invalid(`"${name}" may have at most ${PROMPTS_MAX} entries.`, name);
  return value.map((one: unknown, i) => {
    if (typeof one === 'string') return textPrompt(one, `${name}[${i}]`);
    if (isIds(one)) return { type: 'tokens', tokens: one };
    throw invalid(`"${name}[${i}]" must be a string or a non-empty list of token ids.`, `${name}[${i}]`);
  });
}

function textPrompt(text: string, name: string): Prompt {
  if (text === '') throw invalid(`"${name}" must not be empty.`, name);
  return { type: 'text', text };
}

function isIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && (id as number) >= 0);
}
