import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { isPostgres } from '../../db/dialect.ts';
import type { Db } from '../../db/open.ts';
import { DATABASES } from '../../../tests/databases.ts';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { type Deed, entryAfter, type SignedHead } from './model.ts';
import { Audit } from './service.ts';
import { pageAfter } from './store.ts';
import { verifyAudit } from './verify.ts';

const KEY = Buffer.alloc(32, 7);
const deed = (n: number): Deed => ({ orgId: 'org', keyId: 'key', operation: 'createKey', object: `key_${n}`, address: '192.0.2.1', requestId: `req_${n}`, outcome: 201 });

describe.each(DATABASES)('X37: the audit log on %s', (_name, open) => {
  async function start(entries: number) {
    const database = await open();
    const folder = mkdtempSync(join(tmpdir(), 'my-audit-'));
    const clock = new FakeClock();
    const heads: SignedHead[] = [];
    const audit = new Audit({ db: database.db, clock, signingKey: KEY, folder, anchored: (head) => heads.push(head) });
    const add = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await clock.advance(1_000);
        await audit.record(deed(i));
      }
    };
    await add(entries);
    const { db } = database;
    const verify = (anchor?: SignedHead) => verifyAudit({ db, signingKey: KEY, folder, anchor });
    const faults = async (anchor?: SignedHead) => (await verify(anchor)).faults;
    return {
      db,
      folder,
      clock,
      audit,
      heads,
      add,
      verify,
      faults,
      async [Symbol.asyncDispose]() {
        await database[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  }
  /** What somebody with the database's own rights can do: take the guards away. */
  async function unguard(db: Db): Promise<void> {
    for (const name of ['audit_entries_no_update', 'audit_entries_no_delete'])
      await sql`DROP TRIGGER ${sql.raw(name)} ${sql.raw(isPostgres(db) ? 'ON audit_entries' : '')}`.execute(db);
  }

  test('is whole as it was written, and the database changes and removes nothing of it', async () => {
    await using it = await start(5);
    expect(await it.verify(it.heads.at(-1))).toMatchObject({ entries: 5, archived: 0, faults: [] });
    await expect(it.db.updateTable('audit_entries').set({ object: 'x' }).where('seq', '=', 3).execute()).rejects.toThrow('immutable');
    await expect(it.db.deleteFrom('audit_entries').where('seq', '=', 5).execute()).rejects.toThrow('only once it is archived');
    if (isPostgres(it.db)) await expect(sql`TRUNCATE audit_entries`.execute(it.db)).rejects.toThrow('archived');
    expect(await it.faults()).toEqual([]);
  });

  test('an edit, a deletion, a change of order and an insertion are found, by their number', async () => {
    const faultsAfter = async (change: (db: Db) => Promise<unknown>) => {
      await using it = await start(6);
      await unguard(it.db);
      await change(it.db);
      return (await it.faults())[0];
    };
    expect(await faultsAfter((db) => db.updateTable('audit_entries').set({ object: 'key_x' }).where('seq', '=', 3).execute())).toContain('entry 3 is not what its hash says');
    expect(await faultsAfter((db) => db.updateTable('audit_entries').set({ outcome: 403 }).where('seq', '=', 6).execute())).toContain('entry 6 is not');
    expect(await faultsAfter((db) => db.deleteFrom('audit_entries').where('seq', '=', 3).execute())).toBe('entry 3 is missing');
    expect(await faultsAfter((db) => db.deleteFrom('audit_entries').where('seq', 'in', [3, 4]).execute())).toBe('entries 3 to 4 are missing');
    const swap = async (db: Db) => {
      for (const [from, to] of [
        [3, 99],
        [4, 3],
        [99, 4],
      ] as const)
        await db.updateTable('audit_entries').set({ seq: to }).where('seq', '=', from).execute();
    };
    expect(await faultsAfter(swap)).toContain('entry 3 is not what its hash says: it, or the order, was changed');
    const insert = async (db: Db) => {
      const rows = await pageAfter(db, 0, 100);
      for (const seq of [6, 5, 4])
        await db
          .updateTable('audit_entries')
          .set({ seq: seq + 1 })
          .where('seq', '=', seq)
          .execute();
      const { orgId: org_id, keyId: key_id, requestId: request_id, ...more } = entryAfter(rows[2] ?? { seq: 0, hash: '' }, 1, deed(9));
      await db
        .insertInto('audit_entries')
        .values({ ...more, org_id, key_id, request_id })
        .execute();
    };
    expect(await faultsAfter(insert)).toContain('entry 5 is not what its hash says');
  });

  test('a tail that was cut off is missed, by the signed head and by the one beside the database; a head of one’s own making is not signed', async () => {
    await using it = await start(6);
    await unguard(it.db);
    const former = it.heads[3] as SignedHead;
    await it.db.deleteFrom('audit_entries').where('seq', '>', 4).execute();
    expect((await it.faults())[0]).toBe('entries 5 to 6 are missing at the end: the signed head names entry 6');
    const { seq, hash } = former;
    await it.db.updateTable('audit_head').set({ seq, hash }).execute();
    expect((await it.faults())[0]).toContain('the head is not signed by this home');
    // The head of then, signature and all: only what was kept elsewhere knows better.
    await it.db.updateTable('audit_head').set({ seq, hash, signature: former.signature }).execute();
    expect(await it.faults()).toEqual([]);
    expect((await it.faults(it.heads.at(-1)))[0]).toContain('entries 5 to 6 are missing at the end: the head that was kept beside the database');
    await it.add(3);
    expect((await it.faults(it.heads[5]))[0]).toBe('entry 6 is not the one that the head that was kept beside the database names');
  });

  test('whoever writes the whole chain anew does not have the key', async () => {
    await using it = await start(4);
    await unguard(it.db);
    await it.db.deleteFrom('audit_entries').execute();
    const forger = new Audit({ db: it.db, clock: it.clock, signingKey: Buffer.alloc(32, 8), folder: it.folder });
    await it.db
      .updateTable('audit_head')
      .set({ seq: 0, hash: '0'.repeat(64) })
      .execute();
    for (let i = 0; i < 4; i++) await forger.record(deed(i + 10));
    expect((await it.faults())[0]).toContain("is not signed by this home's key");
  });

  test('archives are verified with what came after them: a change in a file, or a file that is gone, is found', async () => {
    await using it = await start(5);
    const first = await it.audit.archive(it.clock.now());
    expect([first.first, first.last]).toEqual([1, 4]);
    await expect(it.audit.archive(it.clock.now())).rejects.toMatchObject({ code: 'nothing_to_archive' });
    await it.add(4);
    await it.audit.archive(it.clock.now() + 1);
    await it.add(2);
    expect(await it.verify(it.heads.at(-1))).toMatchObject({ entries: 11, archived: 9, archives: 2, faults: [] });
    expect((await it.db.selectFrom('audit_entries').select('seq').orderBy('seq').execute()).map(({ seq }) => seq)).toEqual([10, 11]);
    await expect(it.db.deleteFrom('audit_entries').where('seq', '=', 10).execute()).rejects.toThrow('archived');
    const [one = '', two = ''] = readdirSync(it.folder)
      .map((name) => join(it.folder, name))
      .toSorted();
    const [text, other] = [readFileSync(one, 'utf8'), readFileSync(two, 'utf8')];
    const changed = async (file: string, content: string) => {
      const before = readFileSync(file, 'utf8');
      writeFileSync(file, content);
      const found = (await it.faults())[0];
      writeFileSync(file, before);
      return found;
    };
    const lines = text.trimEnd().split('\n');
    expect(await changed(one, text.replace('"key_2"', '"key_7"'))).toContain('entry 3 is not what its hash says');
    expect(await changed(one, `${lines.toSpliced(1, 1).join('\n')}\n`)).toBe('entry 2 is missing');
    expect(await changed(one, `${lines.slice(0, 3).join('\n')}\n`)).toBe('entry 4 is missing');
    expect(await changed(two, other.split('\n').slice(0, 2).join('\n'))).toContain('entries 7 to 9 are');
    expect(await changed(two, 'no json\n')).toContain('line 1 is no entry');
    rmSync(two);
    expect((await it.faults()).join('\n')).toMatch(/entries 5 to 9 are archived, and in no file/);
    writeFileSync(two, other);
    expect(await it.faults()).toEqual([]);
  });
});
