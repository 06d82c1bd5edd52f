import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KINDS, pathOf } from '../../src/cli/completion.ts';
import { commandTree } from '../../src/cli/run.ts';
import { type Harness, startHarness } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'my-tab-'));
let server: Harness;
let environment: Record<string, string>;

beforeAll(async () => {
  server = await startHarness();
  await server.call('/api/v1/orgs', { body: { name: 'acme' } });
  for (const name of ['echo', 'echo-2', 'acme/ocr', 'other']) await server.deployEcho(name);
  const program = join(folder, 'modelyard');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${MAIN}' "$@"\n`);
  chmodSync(program, 0o755);
  environment = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder, MODELYARD_HOME: folder, MODELYARD_URL: server.url, MODELYARD_API_KEY: server.key };
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a real bash, which has our completion, would offer for a line that is typed so far. */
function tab(line: readonly string[], more: Record<string, string> = {}): Promise<readonly string[]> {
  const script = `
    eval "$(modelyard completion bash)" || exit 9
    [[ $(complete -p modelyard) == "complete -o default -F _modelyard modelyard" ]] || exit 8
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _modelyard
    [[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  return new Promise((resolve, reject) => {
    execFile('bash', ['--norc', '-c', script, 'bash', 'modelyard', ...line], { env: { ...environment, ...more }, cwd: folder }, (error, out, err) => {
      if (error || err) reject(new Error(err, { cause: error }));
      else resolve(out.split('\n').filter((text) => text !== ''));
    });
  });
}

describe('a real bash', () => {
  test('completes commands, their own commands, and options', async () => {
    expect(await tab(['dep'])).toEqual(['deploy']);
    expect(await tab(['c'])).toEqual(['chat', 'cost', 'credit', 'completion']);
    expect(await tab(['listings', 'cr'])).toEqual(['create']);
    expect(await tab(['deploy', 'x', '--no'])).toEqual(['--no-wait']);
    expect(await tab(['completion', ''])).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(await tab(['nothing-like-this', 'x'])).toEqual([]);
  });

  test('completes names of models and deployments, by the login', async () => {
    expect(await tab(['deploy', 'e'])).toEqual(['echo', 'echo-2']);
    expect(await tab(['undeploy', 'acme/'])).toEqual(['acme/ocr']);
    expect(await tab(['deploy', '--replicas', '2', 'oth'])).toEqual(['other']);
    expect(await tab(['rollout', 'echo', 'echo-'])).toEqual(['echo-2']);
    expect(await tab(['slo', 'set', 'oth'])).toEqual(['other']);
    // The value of an option is not the argument.
    expect(await tab(['deploy', '--name', 'e'])).toEqual([]);
  });

  test('leaves files to the shell', async () => {
    expect(await tab(['publish', 'acme/x', ''])).toEqual([]);
    expect(await tab(['predict', 'other', ''])).toEqual([]);
  });

  test('says nothing where no server answers, or one answers with what is no name; what is typed is never run', async () => {
    expect(await tab(['deploy', 'e'], { MODELYARD_URL: 'http://127.0.0.1:9' })).toEqual([]);
    expect(await tab(['deploy', 'e'], { MODELYARD_API_KEY: 'my_wrong' })).toEqual([]);
    const answer = JSON.stringify({ data: [{ name: 'evil$(touch ran)' }, { name: 'e`touch ran`' }, { name: 'e\nvil' }, { name: 'ehrlich' }] });
    const hostile: Server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(answer)).listen(0, '127.0.0.1');
    const silent: Server = createServer(() => undefined).listen(0, '127.0.0.1');
    await Promise.all([hostile, silent].map((one) => new Promise((resolve) => one.once('listening', resolve))));
    const urlOf = (one: Server) => ({ MODELYARD_URL: `http://127.0.0.1:${(one.address() as AddressInfo).port}` });
    expect(await tab(['deploy', 'e'], urlOf(hostile))).toEqual(['ehrlich']);
    expect(await tab(['deploy', 'e'], urlOf(silent))).toEqual([]);
    await tab(['chat', '"$(touch ran)', ''], urlOf(hostile));
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    silent.closeAllConnections();
    hostile.close();
    silent.close();
  });
});

test('what is said of arguments is said of arguments that there are', async () => {
  const known = new Set<string>();
  const walk = (command: Command): void => {
    for (const argument of command.registeredArguments) known.add(`${pathOf(command)} ${argument.name()}`);
    for (const inner of command.commands) walk(inner);
  };
  walk(await commandTree());
  expect(Object.keys(KINDS).filter((key) => !known.has(key))).toEqual([]);
});
