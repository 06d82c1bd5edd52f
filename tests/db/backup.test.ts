import { appendFileSync, chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupHome, restoreHome } from '../../src/app/backup.ts';
import { homeFolder } from '../../src/app/home.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Ledger } from '../../src/control-plane/ledger/index.ts';
import { integrityFaults } from '../../src/db/maintenance.ts';
import { openDatabase } from '../../src/db/open.ts';
import { buildGguf } from '../../src/model-files/testing/build.ts';
import { chatBody, startHarness } from '../harness.ts';

const CALLS = 60;
const LEASES = 60;

test('M40: a backup taken during writes is restored whole: integrity ok, every answered call, every blob, a book that adds up and ends in the same hash; a server starts on it with the same key', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-backup-'));
  const home = join(folder, 'home');
  const modelyard = await startHarness({ home, database: homeFolder(home).database });
  await modelyard.deployEcho('echo');
  const file = join(folder, 'model.gguf');
  writeFileSync(file, buildGguf());
  await modelyard.running.control.registry.blobs.adopt(file);
  const answered = Array.from({ length: CALLS }, async () => (await modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'a b c') })).headers.get('x-request-id'));
  const { ledger } = modelyard.running.control;
  await ledger.credit({ id: 'paid', orgId: 'acme', amountMicros: 1_000_000n, priority: 2, expiresAt: undefined, note: '', isPaid: true });
  const leased = Array.from({ length: LEASES }, (_, index) => ledger.lease({ id: `l${index}`, orgId: 'acme', gateway: 'g', epoch: 1, wantedMicros: 10n }));
  const before = await Promise.all(answered.slice(0, CALLS / 2));
  await leased[0];
  await backupHome(home, join(folder, 'backup'));
  await Promise.all([...answered, ...leased]);
  await modelyard.stop();

  const restored = join(folder, 'restored');
  expect((await restoreHome(join(folder, 'backup'), restored)).blobs).toBe(1);
  const again = await startHarness({ home: restored, database: homeFolder(restored).database });
  expect((await again.call('/v1/models', { key: modelyard.key })).status).toBe(200);
  await again.stop();
  const db = await openDatabase(homeFolder(restored).database);
  expect(await integrityFaults(db)).toEqual([]);
  const rows = new Set((await db.selectFrom('usage').select('request_id').execute()).map(({ request_id }) => request_id));
  // Each transaction adds up to zero, and the book ends in a hash that the home's book has too.
  const { faults, transactions, headHash } = await new Ledger(db, systemClock).check();
  expect(faults).toEqual([]);
  expect(transactions).toBeGreaterThanOrEqual(2);
  const original = await openDatabase(homeFolder(home).database);
  const { hash } = await original.selectFrom('ledger_transactions').select('hash').where('seq', '=', transactions).executeTakeFirstOrThrow();
  await original.destroy();
  expect(headHash).toBe(hash);
  await db.destroy();
  for (const id of before) expect(rows.has(id ?? ''), `${id} was answered before the backup`).toBe(true);
  rmSync(folder, { recursive: true, force: true });
});

test('a backup whose blob was changed is refused, and nothing is restored', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-backup-'));
  const home = join(folder, 'home');
  const modelyard = await startHarness({ home, database: homeFolder(home).database });
  const file = join(folder, 'model.gguf');
  writeFileSync(file, buildGguf());
  await modelyard.running.control.registry.blobs.adopt(file);
  await modelyard.stop();
  const backup = join(folder, 'backup');
  await backupHome(home, backup);
  const [prefix = ''] = readdirSync(join(backup, 'blobs', 'sha256'));
  const [name = ''] = readdirSync(join(backup, 'blobs', 'sha256', prefix));
  const blob = join(backup, 'blobs', 'sha256', prefix, name);
  chmodSync(blob, 0o644);
  appendFileSync(blob, 'x');
  await expect(restoreHome(backup, join(folder, 'restored'))).rejects.toMatchObject({ code: 'backup_damaged' });
  expect(existsSync(join(folder, 'restored'))).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});
