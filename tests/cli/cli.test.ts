import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGguf } from '../../src/model-files/testing/build.ts';
import { echoManifest, type Harness, startHarness } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command line as a person runs it: a process of its own, told of the server by its environment. */
describe('modelyard, the command line', () => {
  let server: Harness;
  const folder = mkdtempSync(join(tmpdir(), 'my-cli-'));

  function run(args: readonly string[], environment: Record<string, string> = {}, input = ''): Promise<Ran> {
    return new Promise((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', MODELYARD_HOME: folder, MODELYARD_URL: server.url, MODELYARD_API_KEY: server.key, NO_COLOR: '1', ...environment };
      const child = execFile(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      });
      child.stdin?.end(input);
    });
  }
  const json = async (...args: string[]) => JSON.parse((await run([...args, '--json'])).out) as never;

  beforeAll(async () => {
    server = await startHarness();
    await server.deployEcho('echo');
    await server.deployEcho('tensor', {
      task: 'tensor',
      signature: { inputs: [{ name: 'INPUT0', datatype: 'FP32', shape: [-1, 2] }], outputs: [{ name: 'OUTPUT0', datatype: 'FP32', shape: [-1, 2] }] },
    });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('nodes and estimate say what there is and what a model needs', async () => {
    expect((await run(['nodes'])).out).toMatch(/NODE +THREADS +MEMORY +RESERVED +REPLICAS +GPUS\nlocal +\d+/);
    expect(await json('nodes')).toMatchObject([{ id: 'local', gpus: expect.any(Array) as unknown }]);
    expect((await run(['estimate', 'echo'])).out).toContain('altogether');
  });

  test('a new version is rolled out and rolled back, and the list says what became of it', async () => {
    await server.deployEcho('moving');
    const { control, operator } = server.running;
    await control.registry.publishManifest(operator, 'moving', echoManifest({ slots: 3 }));
    expect((await run(['rollout', 'moving', 'moving:2'])).out).toContain('the new version serves');
    expect((await run(['rollback', 'moving'])).out).toContain('the new version serves');
    expect(await json('rollout', 'moving')).toMatchObject([{ state: 'done' }, { state: 'done' }]);
    expect((await run(['rollout', 'moving'])).out).toMatch(/ORDERED.*STATE[\s\S]*done/);
    expect((await run(['rollout', 'moving', 'moving:2', '--canary', '0,200'])).code).toBe(2);
    expect((await run(['drain', 'moving'])).out).toContain('every engine is replaced');
  }, 30_000);

  test('chat answers a question, from an argument and from a pipe', async () => {
    expect((await run(['chat', 'hello there'])).out).toBe('hello there\n');
    expect((await run(['chat', '--model', 'echo'], {}, 'from a pipe')).out).toBe('from a pipe\n');
  });

  test('predict takes a request as JSON', async () => {
    const request = JSON.stringify({ inputs: [{ name: 'INPUT0', shape: [1, 2], datatype: 'FP32', data: [1.5, -2] }] });
    expect((await run(['predict', 'tensor', request])).out).toBe('OUTPUT0 FP32[1,2]  1.5 -2\n');
  });

  test('eval runs a dataset, puts in the files that it names, holds a gate with its exit code, and compares', async () => {
    const signature = { inputs: [{ name: 'x', datatype: 'BYTES' as const, shape: [-1] }], outputs: [{ name: 'label', datatype: 'BYTES' as const, shape: [-1] }] };
    await server.deployEcho('bytes', { task: 'tensor', signature });
    writeFileSync(join(folder, 'cat.txt'), 'cat');
    const rows = [
      { file: 'cat.txt', label: 'cat' },
      { text: 'dog', label: 'dog' },
      { text: 'dog', label: 'cow' },
    ];
    const data = join(folder, 'animals.jsonl');
    writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
    const args = ['eval', 'bytes', '--task', 'classification', '--data', data];
    const good = await run([...args, '--gate', 'accuracy>=0.6', 'failed<=0', '--json']);
    expect(good.code).toBe(0);
    const { report } = JSON.parse(good.out) as { report: { id: string; metrics: { accuracy: { value: number } } } };
    expect(report.metrics.accuracy.value).toBeCloseTo(2 / 3, 12);
    const bad = await run([...args, '--gate', 'accuracy>=0.9', '--compare', report.id], { COLUMNS: '80' });
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/The gate is not met: eval_\w+: accuracy>=0.9 is not met, it is 0.666667./);
    expect(bad.out).toContain('✗ accuracy>=0.9  (0.6667)');
    expect(bad.out).toContain(`compared with ${report.id}: no difference shown`);
    expect(bad.out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect((await run(['evaluations'], { COLUMNS: '80' })).out).toContain(report.id);
    expect(await run([...args, '--gate', 'accuracy'])).toMatchObject({ code: 2, err: expect.stringContaining('is not a condition') as string });
    writeFileSync(data, '{"file": "dog.txt", "label": "dog"}');
    expect(await run(args)).toMatchObject({ code: 5, err: expect.stringContaining('Line 1 of the dataset: There is no file') as string });
  });

  test('ps, models and usage print aligned tables that fit the terminal', async () => {
    const { out } = await run(['ps'], { COLUMNS: '80' });
    expect(out.split('\n')[0]).toMatch(/^NAME +MODEL +STATE/);
    expect(out).toMatch(/^echo +echo:1 +ready +100 % +1\/1/m);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await run(['models'])).out).toMatch(/^tensor +1 +tensor +echo/m);
    await run(['chat', 'count me']);
    await expect.poll(async () => (await run(['usage'])).out, { timeout: 5_000 }).toMatch(/^echo +\d/m);
  });

  test('cost prints tables that fit the terminal, and the rates', async () => {
    const { out, code } = await run(['cost', '--since', '1h'], { COLUMNS: '80' });
    expect(code).toBe(0);
    expect(out).toMatch(/^MODEL +COMPUTE +IDLE +MAINTENANCE +DATA +TOTAL$/m);
    expect(out).toMatch(/^Machines \d+\.\d{6} = allocated \d+\.\d{6} \+ idle \d+\.\d{6}/m);
    const rates = await run(['cost', '--rates'], { COLUMNS: '80' });
    expect(rates.out).toMatch(/^hardware\.price +2000 +default +of this machine$/m);
    for (const text of [out, rates.out]) expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(rates.out).not.toContain('…');
    expect(await run(['cost', '--since', 'noon'])).toMatchObject({ code: 2, err: expect.stringContaining('--since is "noon"') as string });
  });

  test('publish uploads a file, label, rm and blobs gc look after it; a pickle is refused with a reason', async () => {
    const file = join(folder, 'model.gguf');
    writeFileSync(file, buildGguf());
    const published = await run(['publish', 'tiny', file, '--licence', 'MIT']);
    expect(published).toMatchObject({ code: 0, out: expect.stringContaining('Published tiny:1') as string });
    expect(await run(['label', 'tiny:1', 'candidate'])).toMatchObject({ code: 0 });
    expect((await run(['models', 'tiny'])).out).toContain('@candidate');
    expect((await run(['rm', 'tiny'])).code).toBe(0);
    expect((await run(['blobs', 'gc', '--dry-run'])).out).toMatch(/^Would remove 0 files, 0 B\. 1 file more/);
    expect((await run(['blobs', 'gc'])).out).toMatch(/^Removed 0 files, 0 B\. 1 file more/);
    expect((await run(['blobs', 'gc', '--now'])).out).toMatch(/^Removed 1 file, [\d.]+ kB\.$/m);
    const pickle = join(folder, 'model.bin');
    writeFileSync(pickle, Buffer.from([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x2e]));
    for (const [args, says] of [
      [['--engine', 'command:x', 'hf:a/b@main/m.gguf'], '--engine goes with files'],
      [['--task', 'chat', file], '--task goes with --engine'],
      [['--engine', 'comand:x', file], 'it must be command:TEMPLATE'],
      [['--pipeline', file, file], 'is not JSON'],
      [['--max-batch-size', '8k', file], 'not a whole number'],
    ] as const)
      expect(await run(['publish', 'odd', ...args])).toMatchObject({ code: 2, out: expect.not.stringContaining('✓') as string, err: expect.stringContaining(says) as string });
    const refused = await run(['publish', 'bad', pickle]);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/^modelyard: .*pickle/im);
  });

  test('keys are made, listed, rotated and revoked; orgs and members too', async () => {
    const made = (await json('keys', 'create', 'ci', '--role', 'consumer', '--days', '1')) as { key: string; details: { id: string } };
    expect((await run(['ps'], { MODELYARD_API_KEY: made.key })).code).toBe(0);
    const rotated = (await json('keys', 'rotate', made.details.id)) as { key: string; details: { id: string } };
    expect((await run(['ps'], { MODELYARD_API_KEY: made.key })).code).toBe(4);
    expect((await run(['keys', 'revoke', rotated.details.id])).code).toBe(0);
    expect((await run(['ps'], { MODELYARD_API_KEY: rotated.key })).code).toBe(4);
    expect((await run(['keys'])).out).toMatch(/ci .* revoked/);
    expect((await run(['orgs', 'create', 'acme'])).code).toBe(0);
    expect((await run(['members', 'add', 'ann', '--org', 'acme', '--role', 'publisher'])).code).toBe(0);
    expect((await run(['members', '--org', 'acme'])).out).toMatch(/^ann +publisher/m);
  });

  test('login remembers a server for the other commands, readable by its owner only', async () => {
    const home = join(folder, 'other');
    expect((await run(['login', server.url, '--home', home], {}, `${server.key}\n`)).out).toMatch(/^Logged in to .* as platform/);
    expect(statSync(join(home, 'login.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(home, 'login.json'), 'utf8'))).toEqual({ url: server.url, key: server.key });
  });

  test('exit codes say what kind of failure it was, and one line says which', async () => {
    expect(await run(['logs', 'nope'])).toEqual({ code: 5, out: '', err: 'modelyard: There is no deployment "nope".\n' });
    expect((await run(['frob'])).code).toBe(2);
    expect((await run(['usage', '--by', 'moon'])).code).toBe(2);
    expect((await run(['ps'], { MODELYARD_API_KEY: 'my_wrong' })).code).toBe(4);
    const away = await run(['ps'], { MODELYARD_URL: 'http://127.0.0.1:9' });
    expect(away.code).toBe(3);
    expect(away.err.trim().split('\n')).toHaveLength(1);
  });

  test('every command has help with examples or options', { timeout: 90_000 }, async () => {
    const { out } = await run(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '').filter((name) => name !== 'help');
    expect(names.length).toBeGreaterThan(18);
    const helps = await Promise.all(names.map((name) => run([name, '--help'])));
    for (const [index, help] of helps.entries()) expect(help.out, names[index]).toMatch(/^Usage: modelyard /);
  });
});
