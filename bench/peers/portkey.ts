import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, runTool } from './cache.ts';

export const PORTKEY_VERSION = '1.15.2';

/** The start file of Portkey's gateway, installed into the cache when it is not there. */
export async function ensurePortkey(): Promise<string> {
  const folder = join(cacheFolder(), 'portkey');
  const startFile = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (existsSync(startFile)) return startFile;
  await mkdir(folder, { recursive: true });
  await runTool('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `@portkey-ai/gateway@${PORTKEY_VERSION}`]);
  return startFile;
}
