const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** How deep JSON may nest in any body (S24, C76). */
export const JSON_DEPTH_MAX = 64;
/** How many keys all objects of a body may have together (S24): a parser takes long for many. */
export const JSON_KEYS_MAX = 100_000;

export interface JsonLimits {
  readonly depthMax: number;
  readonly keysMax: number;
}

/**
 * Which limit JSON text passes, if any. Looks at the bytes only, in one pass, so that a hostile body is refused before a recursive
 * parser sees it. Text that is not JSON gets some answer; the parser then says what is wrong with it.
 */
export function jsonExceeds(body: Uint8Array, { depthMax, keysMax }: JsonLimits): 'depth' | 'keys' | undefined {
  if (cannotExceed(body, depthMax, keysMax)) return undefined;
  const length = body.length;
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth += 1;
      if (depth > depthMax) return 'depth';
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth -= 1;
    else if (byte === COLON) {
      keys += 1;
      if (keys > keysMax) return 'keys';
    }
  }
  return undefined;
}

/** Below this the bytes are looked at one by one: each of the runtime's own searches costs as much as a hundred of them. */
const SMALL_BYTES = 2_048;

/** A large tensor has few brackets and colons: counting these alone, by the runtime's own search, is some fifty times faster. */
function cannotExceed(body: Uint8Array, depthMax: number, keysMax: number): boolean {
  if (body.length < SMALL_BYTES) return body.length <= keysMax && openersIn(body) <= depthMax;
  const openers = countUpTo(body, OPEN_BRACKET, depthMax) + countUpTo(body, OPEN_BRACE, depthMax);
  return openers <= depthMax && (keysMax === Infinity || countUpTo(body, COLON, keysMax) <= keysMax);
}

function openersIn(body: Uint8Array): number {
  let count = 0;
  // Neither differs from the other but in one bit, and nothing else than they has the rest.
  for (let at = 0; at < body.length; at += 1) if (((body[at] ?? 0) & ~0x20) === OPEN_BRACKET) count += 1;
  return count;
}

/** How often a byte occurs; stops at `max` + 1. */
function countUpTo(body: Uint8Array, byte: number, max: number): number {
  let count = 0;
  for (let at = body.indexOf(byte); at !== -1 && count <= max; at = body.indexOf(byte, at + 1)) count += 1;
  return count;
}

/** Whether JSON text nests deeper than `max` arrays and objects. */
export function jsonDepthExceeds(body: Uint8Array, max: number = JSON_DEPTH_MAX): boolean {
  return jsonExceeds(body, { depthMax: max, keysMax: Infinity }) === 'depth';
}

/** Index of the quote that ends the string opened at `open`; the body's length when none does. */
function endOfString(body: Uint8Array, open: number): number {
  const length = body.length;
  for (let at = open + 1; at < length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return length;
}
