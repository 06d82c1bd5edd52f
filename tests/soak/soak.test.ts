import { expect, test } from 'vitest';
import { soak } from './soak.ts';

const SECONDS = 30;

test(
  'S33: half a minute of calls, streams, cancels, slow readers, errors, refusals and killed engines leaves no hold, lease, queue place, socket or thread behind',
  { timeout: 300_000 },
  async () => {
    const { counts, kills, leaks } = await soak({ seconds: SECONDS, seed: 1, say: () => undefined });
    expect(kills).toBeGreaterThan(0);
    expect(counts['stream 200']).toBeGreaterThan(0);
    expect(Object.entries(leaks).filter(([, count]) => count !== 0)).toEqual([]);
  },
);
