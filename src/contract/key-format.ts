import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** `my_` + 32 random base-62 characters (190 bits) + 6 of CRC-32, so that a typing error is known without looking anything up. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'my_';
const SECRET_CHARS = 32;
const CHECKSUM_CHARS = 6;
const FORM = /^my_[0-9A-Za-z]{38}$/;
/** 62 × 4 = 248: bytes from there on would favour the first letters. */
const UNBIASED_BELOW = 248;

function checksum(secret: string): string {
  let text = '';
  for (let rest = crc32(secret), i = 0; i < CHECKSUM_CHARS; i++, rest = Math.floor(rest / 62)) text = ALPHABET.charAt(rest % 62) + text;
  return text;
}

/** A new key in plain text. It is shown once; only `hashKey` of it is kept. */
export function generateKey(): string {
  let secret = '';
  while (secret.length < SECRET_CHARS) {
    for (const byte of randomBytes(SECRET_CHARS)) {
      if (byte < UNBIASED_BELOW && secret.length < SECRET_CHARS) secret += ALPHABET.charAt(byte % 62);
    }
  }
  return PREFIX + secret + checksum(secret);
}

/** Whether `key` has the form and the checksum of a key. Says nothing about whether it exists. */
export function isWellFormedKey(key: string): boolean {
  return FORM.test(key) && checksum(key.slice(PREFIX.length, PREFIX.length + SECRET_CHARS)) === key.slice(-CHECKSUM_CHARS);
}

/** Hex sha256 of the whole key. A plain hash is enough: the secret has 190 random bits, so there is nothing to guess. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
