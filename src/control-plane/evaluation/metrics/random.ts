/** A source of uniform numbers in [0, 1). Metrics that resample take one from the caller, so that a seed fixes the report. */
export type Random = () => number;

const SEED_MAX = 2 ** 32 - 1;
const WORD = 2 ** 32;

/**
 * xoshiro128** 1.1 (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c), its state filled by splitmix32;
 * 32 random bits a number. `seed` is a whole number from 0 to 2³²−1; throws RangeError otherwise. Not for secrets.
 */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > SEED_MAX) throw new RangeError(`seededRandom: seed is ${seed}; accepted are whole numbers from 0 to ${SEED_MAX}.`);
  const fill = splitMix32(seed);
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  return () => {
    const word = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return word / WORD;
  };
}

/** A uniform whole number in 0 … count−1; count < 2³². */
export function pick(random: Random, count: number): number {
  return Math.floor(random() * count);
}

function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
