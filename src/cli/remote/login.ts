import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { Modelyard } from '@modelyard/sdk';
import { readCliEnvironment } from '../env.ts';

/** `modelyard login URL`: the key is read from the terminal or a pipe, never from the command line, where others could see it. */
export function addLogin(program: Command): void {
  program
    .command('login')
    .description('remember a server and a key for the other commands')
    .argument('<url>', 'for example http://127.0.0.1:8420')
    .option('--home <folder>', 'where credentials.json is kept')
    .addHelpText('after', '\nExamples:\n  modelyard login http://127.0.0.1:8420\n  modelyard login https://models.example.org < key.txt')
    .action(login);
}

async function login(url: string, flags: { home?: string }): Promise<void> {
  const key = await readKey();
  const { org, scopes } = await new Modelyard({ url, key }).get('/api/v1/whoami');
  const home = flags.home ?? readCliEnvironment().home;
  const file = join(home, 'credentials.json');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify({ url, key }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  process.stdout.write(`Logged in to ${url} as ${org} (${scopes.join(', ')}).\n`);
}

async function readKey(): Promise<string> {
  if (!process.stdin.isTTY) {
    let text = '';
    for await (const chunk of process.stdin) text += String(chunk);
    return text.trim();
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const key = await lines.question('Key: ');
  lines.close();
  return key.trim();
}
