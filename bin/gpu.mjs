/** Adds a GPU build of llama.cpp to an install: `npm run gpu -- cuda` or `npm run gpu -- vulkan`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, npm, ROOT } from './bootstrap.mjs';

/** The packages of a build; each version is node-llama-cpp's own. */
const PACKAGES = { cuda: ['linux-x64-cuda', 'linux-x64-cuda-ext'], vulkan: ['linux-x64-vulkan'] };

const [kind = ''] = process.argv.slice(2);
try {
  const names = PACKAGES[kind];
  if (!names) throw new Error(`choose one: npm run gpu -- ${Object.keys(PACKAGES).join(' | ')}`);
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('GPU builds come for Linux on x64 only');
  await ensureInstalled({ dev: false });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/node-llama-cpp/package.json'), 'utf8'));
  for (const name of names) await add(name, version);
  process.stdout.write('Added. The llama engine takes it at its next start, where the driver is there; "npm ci" removes it again.\n');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** npm checks the archive's integrity; nothing of it is run. */
async function add(name, version) {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-gpu-'));
  try {
    process.stdout.write(`@node-llama-cpp/${name} ${version} …\n`);
    await npm(['pack', '--ignore-scripts', '--pack-destination', folder, `@node-llama-cpp/${name}@${version}`]);
    const target = join(ROOT, 'node_modules/@node-llama-cpp', name);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    const [archive] = readdirSync(folder);
    const { status } = spawnSync('tar', ['-xzf', join(folder, archive), '-C', target, '--strip-components=1'], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`the archive of ${name} could not be unpacked`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
