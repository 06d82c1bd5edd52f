import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const RUN = fileURLToPath(new URL('../../examples/seed-python/run.ts', import.meta.url));
/** What the page says in numbers, in the order in which it says it. */
const numbers = (page: string, pattern: RegExp): number[] => [...page.matchAll(pattern)].map(([, text = '']) => Number(text.replaceAll(',', '')));

test("the seed's program in Python: a Keras model goes in as ONNX, tritonclient calls it, and what is served is what Keras computes", async () => {
  const { MODELYARD_URL: _url, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', RUN], { env: { ...env, NO_COLOR: '1' } });
  expect(stdout).toContain('129,418 parameters');
  expect(stdout).toMatch(/starting +a burst/);
  expect(stdout).toMatch(/crashed +the engine ended with signal SIGKILL/);
  expect(numbers(stdout, /calls(?:\/s)?, (\d+) failed/g)).toEqual([0, 0, 0]);
  const differences = numbers(stdout, /differs from what Keras computes here by at most (\S+)/g);
  expect(differences).toHaveLength(2);
  expect(Math.max(...differences)).toBeLessThan(1e-5);
  // Five times chance, and far from certain: the data are noisy.
  const [accuracy, ...improved] = numbers(stdout, /accuracy (?:0\.\d+ → )?(0\.\d+)/g);
  expect(accuracy).toBeGreaterThan(0.5);
  expect(accuracy).toBeLessThan(0.95);
  expect(improved).toHaveLength(1);
  expect(improved[0]).toBeGreaterThan(accuracy ?? 1);
  expect(stdout).toMatch(/precision 0\.\d+, recall 0\.\d+, F1 0\.\d+/);
  expect(stdout.match(/^ +\d(?: +\d+){10} +0\.\d\d$/gm)).toHaveLength(10);
  expect(stdout).toMatch(/rollout done +100 % of the traffic/);
  expect(numbers(stdout, /per 1,000 calls: (\d+\.\d+)/g)[0]).toBeGreaterThan(0);
  expect(numbers(stdout, /Done in (\d+) s/g)[0]).toBeLessThanOrEqual(120);
}, 300_000);
