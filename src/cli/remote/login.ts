import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { Modelyard } from '@modelyard/sdk';
import { Fault } from '../../contract/errors.ts';
import { readCliEnvironment } from '../env.ts';
import { forgetLogin, loginFile, writeLogin } from './login-file.ts';
import { asFault } from './session.ts';

/** `modelyard login URL`: the key is read from the terminal or a pipe, never from the command line, where others could see it. */
export function addLogin(program: Command): void {
  program
    .command('login')
    .description('remember a server and a key for the other commands')
    .argument('[url]', 'for example http://127.0.0.1:8420')
    .option('--home <folder>', 'where the login is kept')
    .option('--forget', 'go back to the login of the server that was set up here')
    .addHelpText('after', '\nExamples:\n  modelyard login http://127.0.0.1:8420\n  modelyard login https://models.example.org < key.txt')
    .action(login);
}

async function login(url: string | undefined, flags: { home?: string; forget?: boolean }): Promise<void> {
  const home = flags.home ?? readCliEnvironment().home;
  if (flags.forget) {
    await forgetLogin(home);
    process.stdout.write('Forgotten.\n');
    return;
  }
  if (url === undefined) throw new Fault('invalid_argument', 'no_url', "Give the server's address, for example http://127.0.0.1:8420.");
  const key = await readKey();
  const { org, scopes } = await whoami(url, key);
  await writeLogin(loginFile(home), { url, key });
  process.stdout.write(`Logged in to ${url} as ${org} (${scopes.join(', ')}).\n`);
}

async function whoami(url: string, key: string) {
  return new Modelyard({ url, key }).get('/api/v1/whoami').catch((error: unknown) => {
    throw asFault(error);
  });
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
