import { invalid } from './errors.ts';

/**
 * Refuses text that no database keeps as it is, wherever it stands in a value: PostgreSQL takes no NUL, and half a surrogate pair becomes another character
 * in UTF-8, so that what was stored is not found again.
 */
export function checkStorable(value: unknown, param = ''): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) throw unstorable(param);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [name, inner] of Object.entries(value)) {
    if (!isList) checkStorable(name, param);
    checkStorable(inner, isList ? `${param}[${name}]` : `${param}${param && '.'}${name}`);
  }
}

function unstorable(param: string): Error {
  return invalid(
    `${param ? `The text of "${param}"` : 'A text of the request'} has a character that can't be kept: a NUL, or half of a surrogate pair.`,
    param || undefined,
    'invalid_text',
  );
}
