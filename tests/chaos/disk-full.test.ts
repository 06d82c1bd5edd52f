import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { chatBody } from '../harness.ts';
import { type LimitedServer, startLimited } from './limited-server.ts';
import { makeHome } from './made-home.ts';

const DISK = '24m';
const MIB = 1_048_576;

/** A command that runs what follows with a small disk of its own at `home`, which begins as a copy of it. */
const withSmallDisk = (home: string) => [
  'unshare',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  'home=$1; shift; cp -a "$home" "$home.full" && mount -t tmpfs -o size=$SIZE tmpfs "$home" && cp -a "$home.full/." "$home" && exec "$@"'.replace('$SIZE', DISK),
  'sh',
  home,
];

/** Where it is not allowed to mount anything, as in most containers, this can't be tested. */
const canMount = (() => {
  try {
    execFileSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Fills the disk to its last byte. Returns how to empty it again. */
function fill(root: string): () => void {
  const path = join(root, 'filler');
  const file = openSync(path, 'w');
  for (let bytes = MIB; bytes >= 1;) {
    try {
      writeSync(file, Buffer.alloc(bytes));
    } catch {
      bytes >>= 1;
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

/** Files under blobs' own names, whose bytes are others. */
function corrupted(blobs: string): string[] {
  const root = join(blobs, 'sha256');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .flatMap((two) => readdirSync(join(root, two)).map((name) => join(root, two, name)))
    .filter((path) => createHash('sha256').update(readFileSync(path)).digest('hex') !== path.split('/').at(-1));
}

class Client {
  readonly #server: LimitedServer;
  readonly #key: string;

  constructor(server: LimitedServer, key: string) {
    this.#server = server;
    this.#key = key;
  }

  async call(path: string, init: RequestInit = {}): Promise<{ status: number; text: string; id: string }> {
    const headers = { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
    const response = await fetch(this.#server.url + path, { ...init, headers });
    return { status: response.status, text: await response.text(), id: response.headers.get('x-request-id') ?? '' };
  }

  chat() {
    return this.call('/v1/chat/completions', { method: 'POST', body: JSON.stringify(chatBody('echo', 'one two')) });
  }

  upload(bytes: Buffer) {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const headers = { 'content-type': 'application/octet-stream', 'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}` };
    return this.call(`/api/v1/blobs/sha256:${digest}`, { method: 'PUT', body: new Uint8Array(bytes), headers });
  }
}

test.skipIf(!canMount)(
  'S30: with a full disk calls are refused and not served unmetered, no model file is half there, and all goes on by itself when there is room',
  { timeout: 120_000 },
  async () => {
    using made = await makeHome((modelyard) => modelyard.deployEcho('echo', { slots: 8 }));
    const { home, key, port } = made;
    const server = await startLimited(withSmallDisk(home), home, port);
    const client = new Client(server, key);
    /** The server's own disk, seen from here. */
    const root = `/proc/${server.child.pid}/root${home}`;
    const { blobs, usageLog, logs } = homeFolder(root);
    const served = new Set<string>();
    const chat = async () => {
      const { status, text, id } = await client.chat();
      if (status === 200) served.add(id);
      return { status, text };
    };
    await expect.poll(async () => (await chat()).status, { timeout: 20_000 }).toBe(200);

    // A file that fits is there whole; of one that does not, nothing is there under its name.
    const small = Buffer.alloc(MIB, 'a');
    expect((await client.upload(small)).status).toBeLessThan(300);
    const tooLarge = await client.upload(Buffer.alloc(32 * MIB, 'b'));
    expect(tooLarge.status, tooLarge.text).toBe(507);
    expect(corrupted(blobs)).toEqual([]);

    const empty = fill(root);
    await expect.poll(async () => (await chat()).status, { timeout: 20_000 }).toBe(503);
    expect((await chat()).text).toContain('usage_log_unwritable');
    const ready = await client.call('/ready');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('the usage log can not be written')]);
    expect((await client.call('/live')).status).toBe(200);
    expect((await client.call('/v1/models')).status).toBe(200);
    const refused = await client.call('/api/v1/keys', { method: 'POST', body: JSON.stringify({ name: 'x'.repeat(60), role: 'consumer' }) });
    expect([201, 503], refused.text).toContain(refused.status);
    expect((await client.upload(Buffer.alloc(MIB, 'c'))).status).toBe(507);
    expect(corrupted(blobs)).toEqual([]);
    // Tried again and again, it leaves no trail of empty files.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(readdirSync(usageLog).length).toBeLessThan(5);
    expect(server.alive()).toBe(true);

    empty();
    await expect.poll(async () => (await chat()).status, { timeout: 20_000 }).toBe(200);
    await expect.poll(async () => (await client.call('/ready')).status, { timeout: 10_000 }).toBe(200);
    expect((await client.upload(Buffer.alloc(MIB, 'c'))).status).toBeLessThan(300);
    expect(corrupted(blobs)).toEqual([]);
    for (const name of readdirSync(logs)) expect(statSync(join(logs, name)).size).toBeLessThan(9 * MIB);
    // Every answer that came whole has its row.
    const ids = async () => {
      const { data } = JSON.parse((await client.call('/api/v1/usage/calls?limit=1000&all=true')).text) as { data: { requestId: string; status: string }[] };
      return new Set(data.map(({ requestId }) => requestId));
    };
    await expect.poll(async () => [...served].filter((id) => !id || false).length + [...served.difference(await ids())].length, { timeout: 15_000 }).toBe(0);
    expect(served.size).toBeGreaterThan(1);
    expect(await server.stop()).toBe(0);
    rmSync(`${home}.full`, { recursive: true, force: true });
  },
);
