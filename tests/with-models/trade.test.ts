import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../examples/trade/main.ts', import.meta.url));

test('M28, M31, M33: the trade is told to its end, and its three statements foot to the millionth', async () => {
  const { MODELYARD_URL: _url, MODELYARD_API_KEY: _key, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], { env: { ...env, NO_COLOR: '1' } });
  expect(stdout).toContain('answered 200, 200, 200, 402');
  expect(stdout).toContain('same bytes (true) and charged once');
  expect(stdout).toMatch(/receipt verify: ✓ req_\w+: 0\.0105 \w{3} is right, and signed/);
  expect(stdout).toContain('given back: 0.0042, of which 0.00336 from the publisher and 0.00084 from the platform');
  expect(stdout).toContain('charged 0.63 = publisher 0.504 + platform 0.126; all three statements foot to the millionth');
  expect([...stdout.matchAll(/It adds up, and the balances say the same\./g)]).toHaveLength(3);
  expect(stdout).toContain('no fault, nothing unbilled');
}, 120_000);
