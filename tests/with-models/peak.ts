import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import { encodeInferRequest, OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import type { Tensor } from '../../src/contract/tensor.ts';
import { inspectFiles } from '../../src/model-files/inspect.ts';
import { createLocalLauncher } from '../../src/scheduler/launchers/local.ts';

/** A version's files and its manifest, as publishing makes it. */
export interface Published {
  readonly manifest: Manifest;
  readonly files: Readonly<Record<string, string>>;
}

/** Every file of a folder, or the one file. */
export async function publishedOf(path: string, more: Partial<Manifest> = {}): Promise<Published> {
  const names = await readdir(path).catch(() => undefined);
  const files = names ? Object.fromEntries(names.map((name) => [name, join(path, name)])) : { [path.slice(path.lastIndexOf('/') + 1)]: path };
  const { engine, task, weights } = await inspectFiles(Object.entries(files).map(([name, absolutePath]) => ({ path: name, absolutePath })));
  const digests = await Promise.all(
    Object.entries(files).map(async ([name, absolutePath]) => {
      const bytes = await readFile(absolutePath);
      return { path: name, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes: bytes.length };
    }),
  );
  return { files, manifest: { schema: 'modelyard.manifest/1', task, engine, files: digests, weights, engineOptions: {}, licence: '', origin: 'file', card: '', ...more } };
}

export type Post = (path: string, body: Buffer, headers?: Readonly<Record<string, string>>) => Promise<number>;

/** Starts the engine as the scheduler does, lets `use` call it, and tells the most memory that its process ever had resident, in bytes. */
export async function peakOf({ manifest, files }: Published, use: (post: Post) => Promise<void>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'my-peak-'));
  const launcher = createLocalLauncher({ clock: systemClock, logFolder: folder, environment: process.env });
  try {
    const launched = launcher.launch({ replica: 'measured', deployment: 'measured', engine: { kind: manifest.engine, manifest, files, threads: 1 } });
    await launched.ready;
    const { address } = launched;
    if (!('socket' in address)) throw new Error('no socket');
    await use((path, body, headers = {}) => post(address.socket, path, { body, headers }));
    return launched.usage?.()?.memoryPeakBytes ?? 0;
  } finally {
    await launcher.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function post(socketPath: string, path: string, { body, headers }: { readonly body: Buffer; readonly headers: Readonly<Record<string, string>> }): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers } }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject).end(body);
  });
}

/** Calls a tensor model with `rows` rows of zeros; a size that varies is `size`. */
export async function inferZeros(post_: Post, { weights }: Manifest, rows: number, size = 64): Promise<number> {
  const inputs = (weights.signature?.inputs ?? []).map(({ name, datatype, shape }): Tensor => {
    const sizes = shape.map((length, index) => (index === 0 ? rows : length === -1 ? size : length));
    return { name, datatype, shape: sizes, data: new Uint8Array(4 * sizes.reduce((product, length) => product * length, 1)) };
  });
  const { chunks, headerLength } = encodeInferRequest({ inputs, outputs: (weights.signature?.outputs ?? []).map(({ name }) => ({ name })), binaryOutputDefault: true });
  return await post_('/v2/models/measured/infer', Buffer.concat(chunks), { 'content-type': 'application/octet-stream', [OIP_HEADER_LENGTH]: String(headerLength) });
}
