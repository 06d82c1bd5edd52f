import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Modelyard } from '../../sdk/src/index.ts';
import { expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { sha256 } from '../../src/control-plane/registry/testing/registry.ts';
import { buildGguf } from '../../src/model-files/testing/build.ts';
import { type Harness, startHarness } from '../harness.ts';

const bytes = Buffer.concat([buildGguf(), Buffer.alloc(300_000, 7)]);
const HALF = bytes.length >> 1;
const digest = sha256(bytes);

/** Sends the head and half of the bytes, and breaks the connection. */
async function cutUpload(it: Harness, arrived: () => Promise<number>): Promise<void> {
  const headers = {
    authorization: `Bearer ${it.key}`,
    'content-type': 'application/octet-stream',
    'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
    'content-length': bytes.length,
  };
  const sending = request(`${it.url}/api/v1/blobs/${digest}`, { method: 'PUT', headers });
  sending.on('error', () => undefined);
  sending.write(bytes.subarray(0, HALF));
  await expect.poll(arrived).toBe(HALF);
  sending.destroy();
}

test('S31: an upload whose connection broke goes on where it stopped, and sends nothing twice', async () => {
  await using it = await startHarness();
  const api = new Modelyard({ url: it.url, key: it.key });
  const state = async () => (await (await it.call(`/api/v1/blobs/${digest}`)).json()) as { bytes: number; complete: boolean };
  await cutUpload(it, async () => (await state()).bytes);
  expect(readdirSync(homeFolder(it.home).blobs)).not.toContain('sha256');
  let sent = 0;
  const counted = {
    size: bytes.length,
    slice: (from: number, to: number) => ({ arrayBuffer: async () => ((sent += to - from), new Uint8Array(bytes.subarray(from, to)).buffer) }),
  };
  // The broken request may still be ending.
  await expect
    .poll(() =>
      api.uploads.send(digest, counted).then(
        () => 'sent',
        (error: { code?: string }) => error.code,
      ),
    )
    .toBe('sent');
  expect(await state()).toMatchObject({ bytes: bytes.length, complete: true });
  expect(sent % (bytes.length - HALF)).toBe(0);
  await api.post('/api/v1/models', { body: { name: 'tiny', files: [{ path: 'model.gguf', digest }] } });
});

test('S31: an upload that was whole when the server was killed is ended by the client, which sends one byte more', async () => {
  await using it = await startHarness();
  const uploads = join(homeFolder(it.home).blobs, 'uploads');
  mkdirSync(uploads, { recursive: true });
  const { orgId } = it.running.operator;
  writeFileSync(join(uploads, `${orgId}-${digest.slice('sha256:'.length)}`), bytes);
  const api = new Modelyard({ url: it.url, key: it.key });
  await api.uploads.send(digest, { size: bytes.length, slice: (from, to) => ({ arrayBuffer: async () => new Uint8Array(bytes.subarray(from, to)).buffer }) });
  expect((await (await it.call(`/api/v1/blobs/${digest}`)).json()) as object).toMatchObject({ complete: true });
});
