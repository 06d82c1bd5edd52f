import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../examples/seed/main.ts', import.meta.url));
/** What the page says in numbers, in the order in which it says it. */
const number = (page: string, pattern: RegExp): number => Number(pattern.exec(page)?.[1]?.replaceAll(',', '') ?? Number.NaN);

test("the seed's program does all its steps for real, and says what came of them", async () => {
  const { MODELYARD_URL: _url, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], { env: { ...env, NO_COLOR: '1' } });
  expect(stdout).toContain('129,418 parameters');
  expect(stdout).toMatch(/starting +a burst/);
  expect(stdout).toMatch(/crashed +the engine ended with signal SIGKILL/);
  expect([...stdout.matchAll(/calls(?:\/s)?, (\d+) failed/g)].map(([, failed]) => failed)).toEqual(['0', '0', '0']);
  // Five times chance, and far from certain: the data are noisy.
  const accuracy = number(stdout, /accuracy (0\.\d+) on 2000/);
  expect(accuracy).toBeGreaterThan(0.5);
  expect(accuracy).toBeLessThan(0.95);
  expect(number(stdout, /accuracy 0\.\d+ → (0\.\d+)/)).toBeGreaterThan(accuracy);
  expect(stdout).toMatch(/rollout done +100 % of the traffic/);
  expect(number(stdout, /per 1,000 calls: (\d+\.\d+)/)).toBeGreaterThan(0);
  expect(number(stdout, /Done in (\d+) s/)).toBeLessThanOrEqual(120);
}, 180_000);
