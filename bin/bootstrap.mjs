/**
 * Finds or installs what Modelyard runs on: its npm packages and Node 24. Plain JavaScript for any Node from 20, without
 * dependencies, because it runs before there are any.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
/** Written last: an install that broke off has none, and is done again. */
const MARKER = join(MODULES, '.modelyard-install.json');
const NODE_MAJOR = 24;

const ownNode = join(MODULES, `node-${process.platform}-${process.arch}`, 'bin', 'node');
/** The machine's own Node is new enough. Under `npm run` the Node of our package comes first on the PATH once it is installed: that one must not be removed as not needed. */
const isNew = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR && process.execPath !== ownNode;

/** Makes sure that the packages of package-lock.json are there, with the development tools when `dev`. */
export async function ensureInstalled({ dev }) {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const done = readMarker();
  if (done?.lock === lock && (done.dev || !dev)) return;
  rmSync(MARKER, { force: true });
  const started = Date.now();
  process.stderr.write(`Installing ${dev ? 'packages and development tools' : 'packages'} with npm (about a minute) …\n`);
  await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...(dev ? ['--include=dev'] : ['--omit=dev'])]);
  removeUnused();
  writeFileSync(MARKER, JSON.stringify({ lock, dev }));
  process.stderr.write(`Installed in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

/** What the runtime has made of our TypeScript is kept: the next start need not load the compiler for it, some 30 MB. */
const COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'modelyard-compile');

/** A Node 24 executable: this one, or the one that came as an npm package. */
export function nodePath() {
  if (isNew) return process.execPath;
  if (existsSync(ownNode)) return ownNode;
  throw new Error(`Modelyard needs Node ${NODE_MAJOR} and there is no package of it for ${process.platform} ${process.arch}; install Node ${NODE_MAJOR} and try again.`);
}

/**
 * How Node 24 is started for Modelyard itself, so that a server that has been under load does not keep what it needed then. V8 gives each thread's new objects up to 128 MiB before it cleans up:
 * here 32 (16 a half); it lets old ones grow to four times what lives: here to twice; and glibc keeps a pool of memory for each thread: here two in all.
 * Measured after P3's load: 268 and 280 MiB; 360 and 410, in shorter turns, without any of it.
 */
export const START = JSON.parse(readFileSync(new URL('node-start.json', import.meta.url), 'utf8'));

/** Runs Node 24 with the given arguments, in the foreground, and takes over its exit code. */
export function runNode(args, options = {}) {
  const { flags = ['--disable-warning=ExperimentalWarning'], environment = {} } = options;
  const child = spawn(nodePath(), [...flags, ...args], {
    stdio: 'inherit',
    cwd: options.cwd ?? process.cwd(),
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment, ...process.env },
  });
  // The terminal sends Ctrl-C to both; the child decides when it has finished.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

function readMarker() {
  try {
    return JSON.parse(readFileSync(MARKER, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Runs npm quietly; rejects with the one line that helps. */
export function npm(args) {
  const [command, before] = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
  return new Promise((resolve, reject) => {
    let lastWords = '';
    const child = spawn(command, [...before, ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk) => {
      lastWords = (lastWords + chunk).slice(-4000);
    });
    child.on('error', () => reject(new Error('npm was not found; install Node.js with npm and try again.')));
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(npmFault(lastWords)))));
  });
}

/** npm's many lines as the one that helps. */
function npmFault(words) {
  if (/ENOSPC/.test(words)) return `There is no room on the disk of ${ROOT}; free about 1 GB and try again.`;
  if (/EACCES|EPERM|EROFS/.test(words)) return `${ROOT} can not be written by this user; give it the right or clone elsewhere.`;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|network/i.test(words))
    return "The npm registry could not be reached; check the network (or npm's proxy and registry settings) and try again.";
  const line = words.split('\n').find((text) => /npm (error|ERR!)/.test(text)) ?? words.trim().split('\n').at(-1);
  return `npm could not install the packages: ${line}`;
}

/** Files of other platforms and headers, which nothing here ever opens: from a fixed list, about 500 MB. */
function removeUnused() {
  const remove = (...path) => rmSync(join(MODULES, ...path), { recursive: true, force: true });
  const others = (folder, keep) => (existsSync(join(MODULES, ...folder)) ? readdirSync(join(MODULES, ...folder)).filter((name) => name !== keep) : []);
  const onnx = ['onnxruntime-node', 'bin', 'napi-v6'];
  for (const name of others(onnx, process.platform)) remove(...onnx, name);
  for (const name of others([...onnx, process.platform], process.arch)) remove(...onnx, process.platform, name);
  // TF.js has each module several times, with source maps; Node runs the one bundle that package.json names.
  for (const name of others(['@tensorflow'], ''))
    for (const file of readdirSync(join(MODULES, '@tensorflow', name, 'dist'), { recursive: true })) {
      if (/\.(js|map)$/.test(file) && !file.endsWith('.node.js')) remove('@tensorflow', name, 'dist', file);
    }
  remove('@tensorflow', 'tfjs-backend-wasm', 'wasm-out');
  for (const name of others(['@node-llama-cpp'], '')) if (!name.startsWith(`${process.platform}-${process.arch}`)) remove('@node-llama-cpp', name);
  for (const arch of ['x64', 'arm64']) {
    const node = `node-linux-${arch}`;
    if (isNew || `node-${process.platform}-${process.arch}` !== node) remove(node);
    else for (const part of ['include', 'share', 'CHANGELOG.md']) remove(node, part);
  }
}
