/** Runs one of the project's own tools on Node 24, with the development tools installed, or an example with what the product itself needs: `node bin/task.mjs NAME ARGUMENTS`. */
import { join } from 'node:path';
import { ensureInstalled, ROOT, runNode } from './bootstrap.mjs';

const TASKS = {
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  check: ['checks/run.ts'],
  bench: ['bench/run.ts'],
  chaos: ['tests/chaos/money/run.ts'],
  fuzz: ['tests/fuzz/run.ts'],
  soak: ['tests/soak/run.ts'],
  generate: ['checks/generate.ts'],
  format: ['node_modules/oxfmt/bin/oxfmt'],
  'example:seed': ['examples/seed/main.ts'],
  'example:trade': ['examples/trade/main.ts'],
  'example:seed-python': ['examples/seed-python/run.ts'],
};

const [name = '', ...rest] = process.argv.slice(2);
try {
  const task = TASKS[name];
  if (!task) throw new Error(`there is no task "${name}"; there are: ${Object.keys(TASKS).join(', ')}`);
  await ensureInstalled({ dev: !name.startsWith('example:') });
  const [file, ...args] = task;
  runNode([join(ROOT, file), ...args, ...rest], { cwd: ROOT });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
