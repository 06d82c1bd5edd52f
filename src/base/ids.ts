import { randomUUID } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 9;
/** Where the sixteen bytes stand in a UUID's text. */
const PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/**
 * A new identifier such as `req_1fnx0c2k9…`: nine characters of wall time (so that rows sort by age and indexes stay
 * local), then 79 random bits. Unique without coordination; not a secret. The bits are a UUID's, for which Node keeps a store:
 * asking the system for so few each time costs more than all else here.
 */
export function newId(prefix: string, nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < TIME_CHARS; i++, rest = Math.floor(rest / 32)) time = ALPHABET.charAt(rest % 32) + time;
  let random = '';
  const uuid = randomUUID();
  for (const at of PAIRS) random += ALPHABET.charAt(((hexDigit(uuid, at) & 1) << 4) | hexDigit(uuid, at + 1));
  return `${prefix}_${time}${random}`;
}

function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code <= 57 ? code - 48 : code - 87;
}
