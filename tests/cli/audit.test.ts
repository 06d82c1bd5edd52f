import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { openDatabase } from '../../src/db/open.ts';
import { type Harness, startHarness } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Each look starts a process, on a machine that others use too. */
const PATIENCE = { timeout: 30_000 };
const home = mkdtempSync(join(tmpdir(), 'my-audit-cli-'));
const { database, audit } = homeFolder(home);
let server: Harness;
beforeAll(async () => {
  server = await startHarness({ home, database });
});
afterAll(async () => {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', MODELYARD_HOME: home, MODELYARD_URL: server.url, MODELYARD_API_KEY: server.key, NO_COLOR: '1' };
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test('X37: the commands list, archive and verify the log of a live home, and name what was changed, also a tail that a kept head still names', async () => {
  for (const name of ['one', 'two', 'three']) expect((await run('orgs', 'create', name)).code).toBe(0);
  expect((await run('audit')).out).toMatch(/SEQ +AT +KEY +OPERATION[\s\S]*createOrg +org_\w+ +127\.0\.0\.1 +201/);
  expect((await run('audit', 'archive', '--days', '0')).out).toContain('Entries 1 to 3 are now in audit-000000000001-000000000003.jsonl');
  expect((await run('audit', 'archive', '--days', 'x')).code).toBe(2);
  await run('orgs', 'create', 'four');
  const whole = await run('audit', 'verify');
  expect([whole.code, whole.out]).toEqual([0, expect.stringMatching(/^5 entries, 3 of them in 1 archives[\s\S]*the log is what was written/)]);
  await expect.poll(async () => (await run('audit', 'verify')).out.includes('no head was kept'), PATIENCE).toBe(false);
  const elsewhere = join(home, 'kept-elsewhere.json');
  // The head of all five.
  await expect
    .poll(async () => {
      copyFileSync(join(audit, 'head.json'), elsewhere);
      return JSON.parse((await run('audit', 'verify', '--json', '--head', elsewhere)).out) as unknown;
    }, PATIENCE)
    .toMatchObject({ entries: 5, faults: [] });
  const db = await openDatabase(database);
  await sql`DROP TRIGGER audit_entries_no_update`.execute(db);
  await db.updateTable('audit_entries').set({ outcome: 403 }).where('seq', '=', 5).execute();
  const changed = await run('audit', 'verify');
  expect([changed.code, changed.out, changed.err]).toEqual([1, expect.stringContaining('entry 5 is not what its hash says'), expect.stringContaining('entry 5')]);
  await sql`DROP TRIGGER audit_entries_no_delete`.execute(db);
  await db.deleteFrom('audit_entries').where('seq', '=', 5).execute();
  expect((await run('audit', 'verify', '--head', elsewhere)).out).toContain('entry 5 is missing at the end');
  expect((await run('audit', 'verify', '--head', join(home, 'nowhere.json'))).code).toBe(2);
  await db.destroy();
}, 120_000);
