#!/usr/bin/env node
/** The `modelyard` command on any Node from 20: sets up what is missing, then runs src/main.ts on Node 24. */
import { join } from 'node:path';
import { ensureInstalled, ROOT, runNode, START } from './bootstrap.mjs';

try {
  await ensureInstalled({ dev: false });
  runNode([join(ROOT, 'src', 'main.ts'), ...process.argv.slice(2)], START);
} catch (error) {
  process.stderr.write(`modelyard: ${error.message}\n`);
  process.exitCode = 1;
}
