import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chatBody } from '../harness.ts';
import { makeHome } from './made-home.ts';
import { startServer } from './server-process.ts';

/** Where a process's unix sockets are. */
function socketPaths(pid: number): string[] {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]));
  const lines = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return lines.filter(([, , , , , , inode, path]) => path !== undefined && own.has(inode)).map(([, , , , , , , path]) => path ?? '');
}

/** A file may be closed while one looks. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test('X34: when an engine is killed in the middle of calls, nothing that anybody can read tells the way to its socket', { timeout: 90_000 }, async () => {
  using made = await makeHome((modelyard) => modelyard.deployEcho('echo', { slots: 4 }));
  const { home, key, port } = made;
  await using server = await startServer(home, port, key);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const get = async (path: string) => (await fetch(server.url + path, { headers })).text();
  const chat = (content: string, stream = false) =>
    fetch(`${server.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(chatBody('echo', content, { stream })) }).then((response) => response.text());
  const pidNow = async () => Number(/"pid":(\d+)/.exec(await get('/api/v1/deployments/echo'))?.[1]);
  const pid = await pidNow();
  const paths = new Set(socketPaths(pid));
  expect(paths.size).toBe(1);
  const cut = [chat('[[delay-ms:200]] a b c d e f g h'), chat('[[delay-ms:200]] a b c d e f g h', true)];
  await expect.poll(() => get('/metrics'), { timeout: 10_000 }).toMatch(/modelyard_calls_running\{deployment="echo"\} 2/);
  process.kill(pid, 'SIGKILL');
  const told = [...(await Promise.all(cut)), await chat('x'), await chat('[[crash]]')];
  expect(told.join('\n')).toContain('engine_crashed');
  for (const path of [
    '/api/v1/deployments',
    '/api/v1/deployments/echo',
    '/api/v1/deployments/echo/logs',
    '/api/v1/events?limit=100',
    '/metrics',
    '/ready',
    '/v2/repository/index',
    '/api/v1/nodes',
  ])
    told.push(await get(path));
  for (const path of paths) {
    const [name = '', folder = ''] = path.split('/').toReversed();
    for (const text of told) {
      expect(text).not.toContain(name);
      expect(text).not.toContain(folder);
    }
  }
  expect(await server.kill('SIGTERM')).toBe(0);
});
