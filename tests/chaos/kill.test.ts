import { expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { openDatabase } from '../../src/db/open.ts';
import { chatBody } from '../harness.ts';
import { makeHome } from './made-home.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const KILLS = 20;
const CLIENTS = 8;
const TRAFFIC_MS = 250;

/** What the clients saw: answers that came whole, by request id, and how many calls were under way when the server died. */
interface Seen {
  readonly whole: Set<string>;
  cut: number;
}

/** Calls one after the other until told to stop; half of them are streams. */
async function client(server: ServerProcess, key: string, seen: Seen, stop: AbortSignal): Promise<void> {
  for (let n = 0; !stop.aborted; n++) {
    const stream = n % 2 === 0;
    try {
      const body = JSON.stringify(chatBody('echo', 'one two three four [[delay-ms:2]]', { stream }));
      const response = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } });
      const text = await response.text();
      const id = response.headers.get('x-request-id');
      const whole = response.status === 200 && (stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}'));
      if (whole && id !== null) seen.whole.add(id);
      else seen.cut++;
    } catch {
      seen.cut++;
      if (server.child.exitCode !== null || server.child.signalCode !== null) return;
    }
  }
}

test(`kill -9 under traffic ${KILLS} times: each answer received whole has exactly one usage row, the surplus is what was cut`, { timeout: 300_000 }, async () => {
  using made = await makeHome((modelyard) => modelyard.deployEcho('echo', { slots: 8 }));
  const { home, key, port } = made;
  const { database } = homeFolder(home);
  const seen: Seen = { whole: new Set(), cut: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await startServer(home, port, key);
    const stop = new AbortController();
    const clients = Array.from({ length: CLIENTS }, () => client(server, key, seen, stop.signal));
    await new Promise((resolve) => setTimeout(resolve, TRAFFIC_MS + kill * 7));
    await server.kill('SIGKILL');
    stop.abort();
    await Promise.all(clients);
  }
  const last = await startServer(home, port, key);
  expect(await last.kill('SIGTERM')).toBe(0);

  const db = await openDatabase(database);
  const rows = await db.selectFrom('usage').select(['request_id']).execute();
  await db.destroy();
  const ids = new Set(rows.map(({ request_id }) => request_id));
  const missing = [...seen.whole].filter((id) => !ids.has(id));
  const surplus = ids.size - seen.whole.size;
  process.stdout.write(`kills ${KILLS}: ${seen.whole.size} whole answers, ${rows.length} rows, ${missing.length} missing, surplus ${surplus}, cut at the kills ${seen.cut}\n`);
  expect(seen.whole.size).toBeGreaterThan(KILLS);
  expect(missing).toEqual([]);
  expect(rows.length).toBe(ids.size);
  expect(surplus).toBeLessThanOrEqual(seen.cut);
  expect(surplus).toBeLessThanOrEqual(KILLS * CLIENTS);
});
