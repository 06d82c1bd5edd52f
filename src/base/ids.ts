import { randomFillSync } from 'node:crypto';

const ALPHABET = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz');
const TIME_CHARS = 9;
const RANDOM_CHARS = 16;
/** Random bytes are fetched for so many identifiers at once: asking the system for a few each time costs more than all else here. */
const store = Buffer.alloc(RANDOM_CHARS * 256);
let taken = store.length;
const text = Buffer.alloc(TIME_CHARS + RANDOM_CHARS);
let writtenMs = -1;

/**
 * A new identifier such as `req_1fnx0c2k9…`: nine characters of wall time (so that rows sort by age and indexes stay
 * local), then 80 random bits. Unique without coordination; not a secret.
 */
export function newId(prefix: string, nowMs: number): string {
  if (nowMs !== writtenMs) writeTime(nowMs);
  if (taken === store.length) {
    randomFillSync(store);
    taken = 0;
  }
  for (let i = 0; i < RANDOM_CHARS; i++) text[TIME_CHARS + i] = ALPHABET[(store[taken + i] ?? 0) & 31] ?? 0;
  taken += RANDOM_CHARS;
  return `${prefix}_${text.toString('latin1')}`;
}

function writeTime(nowMs: number): void {
  for (let rest = nowMs, i = TIME_CHARS - 1; i >= 0; i--, rest = Math.floor(rest / 32)) text[i] = ALPHABET[rest % 32] ?? 0;
  writtenMs = nowMs;
}

/** When an identifier was made, milliseconds since 1970; undefined for what is no identifier with this prefix. */
export function idTime(prefix: string, id: string): number | undefined {
  const body = id.startsWith(`${prefix}_`) ? id.slice(prefix.length + 1) : '';
  if (body.length !== TIME_CHARS + RANDOM_CHARS) return undefined;
  let ms = 0;
  for (const char of body.slice(0, TIME_CHARS)) {
    const digit = ALPHABET.indexOf(char);
    if (digit < 0) return undefined;
    ms = ms * 32 + digit;
  }
  return ms;
}
