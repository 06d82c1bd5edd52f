import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { startFuzzed } from './server.ts';

/** The same requests each time: `npm run fuzz` looks for others. */
const SEED = 11;

test(
  'S32 X35 X48: 200 malformed requests to every public route: no 5xx, no crash, each error as its protocol says it, and nothing of the inside in it',
  { timeout: 300_000 },
  async () => {
    await using fuzzed = await startFuzzed();
    const { routes, requests, faults } = await fuzz(fuzzed, { perRoute: 200, seed: SEED, say: () => undefined });
    expect(routes).toBeGreaterThan(100);
    expect(requests).toBe(routes * 200);
    expect(faults).toEqual([]);
  },
);
