import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { sha256 } from '../../src/control-plane/registry/testing/registry.ts';
import { buildGguf } from '../../src/model-files/testing/build.ts';
import { file, startFileServer } from '../file-server.ts';
import { makeHome } from './made-home.ts';
import { startServer } from './server-process.ts';

test('S31: kill -9 at 50 % of a pull: nothing of it is visible, and the next start goes on with a verified range', { timeout: 120_000 }, async () => {
  using made = await makeHome(() => Promise.resolve());
  const { home, key, port } = made;
  const folder = homeFolder(home);
  // The same GGUF header, with a megabyte of tensor data behind it.
  const bytes = Buffer.concat([buildGguf(), Buffer.alloc(1_000_000, 7)]);
  const half = bytes.length >> 1;
  await using server = await startFileServer(['localhost']);
  server.answers.set('localhost/model.gguf', file(bytes, { etag: '"v1"', stalls: [half] }));
  writeFileSync(join(home, 'modelyard.yaml'), `egress:\n  allow: ['localhost:${server.port}']\n  caFile: ${server.caFile}\n`);
  const call = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
    return (await response.json()) as { id: string; state: string; result: unknown; data?: readonly unknown[] };
  };
  const answers = async () =>
    expect
      .poll(
        () =>
          call('/jobs').then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
  const downloads = join(folder.blobs, 'downloads');
  const arrived = () => readdirSync(downloads).map((name) => statSync(join(downloads, name, 'bytes')).size);

  const first = await startServer(home, port, key, { models: [] });
  await answers();
  const source = `${server.url('localhost', '/model.gguf')}#sha256=${sha256(bytes).slice('sha256:'.length)}`;
  const { id } = await call('/models/pull', { name: 'tiny', source });
  await expect.poll(arrived, { timeout: 20_000 }).toEqual([half]);
  await first.kill('SIGKILL');
  expect(readdirSync(folder.blobs)).toEqual(['downloads']);

  await using second = await startServer(home, port, key, { models: [] });
  await answers();
  await expect.poll(() => call(`/jobs/${id}`).then(({ state }) => state), { timeout: 20_000 }).toBe('done');
  expect(server.requests.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
    [undefined, undefined],
    [`bytes=${half}-`, '"v1"'],
  ]);
  expect((await call('/models')).data).toHaveLength(1);
  expect(readdirSync(downloads)).toEqual([]);
  expect(await second.kill('SIGTERM')).toBe(0);
});
