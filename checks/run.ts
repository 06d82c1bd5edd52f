import { spawn } from 'node:child_process';
import { checkArchitecture } from './architecture.ts';
import { checkDependencyAge } from './dependency-age.ts';
import { checkDrift } from './drift.ts';
import { checkFaces } from './faces.ts';
import { checkHouse } from './house.ts';
import { checkLinks } from './links.ts';
import { checkRequirements } from './requirements.ts';
import { checkSupplyChain } from './supply-chain.ts';

/** Everything that a change must pass. Prints one line a check, and what is wrong under it. */
type Check = readonly [name: string, run: () => Promise<string[]> | string[]];

const tool =
  (file: string, ...args: string[]): (() => Promise<string[]>) =>
  () =>
    runTool(`node_modules/${file}`, args);

const CHECKS: readonly Check[] = [
  ['types', tool('typescript/bin/tsc', '--noEmit')],
  ['lint', tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', 'src', 'sdk/src', 'tests', 'checks', 'bench', 'examples', 'bin')],
  ['format', tool('oxfmt/bin/oxfmt', '--check', '.')],
  ['architecture', checkArchitecture],
  ['domain faces', checkFaces],
  ['dead code', tool('knip/bin/knip.js', '--no-progress')],
  ['house numbers', checkHouse],
  ['openapi and sdk drift', checkDrift],
  ['requirements', checkRequirements],
  ['links in the docs', checkLinks],
  ['supply chain', checkSupplyChain],
  ['dependency age', checkDependencyAge],
];

function runTool(file: string, args: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('exit', (code) => resolve(code === 0 ? [] : [output.trim() || `exit code ${code}`]));
  });
}

async function main(): Promise<void> {
  const only = process.argv.slice(2);
  let failed = 0;
  for (const [name, run] of CHECKS) {
    if (only.length > 0 && !only.some((word) => name.includes(word))) continue;
    const started = performance.now();
    const faults = await run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
    for (const fault of faults) process.stdout.write(`  ${fault}\n`);
    if (faults.length > 0) failed++;
  }
  process.stdout.write(failed === 0 ? 'All checks passed.\n' : `${failed} checks failed.\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
