import { expect, describe, test } from 'vitest';
import { DATABASES } from '../../tests/databases.ts';
import { readCallersFeed, syncCallersFeed, writeCallersFeed } from './feeds.ts';

describe.each(DATABASES)('the callers feed on %s', (_name, open) => {
  test('X4: a key that is gone stays gone, and who says otherwise is told so', async () => {
    await using database = await open();
    const { db } = database;
    await writeCallersFeed(db, [
      { hash: 'a', entry: '1' },
      { hash: 'b', entry: '1' },
    ]);
    await writeCallersFeed(db, [{ hash: 'a', entry: null }]);
    const written = await writeCallersFeed(db, [
      { hash: 'a', entry: '2' },
      { hash: 'b', entry: '2' },
    ]);
    expect([...written.keys()]).toEqual(['b']);
    expect(await readCallersFeed(db, 2, 10)).toEqual([
      { hash: 'a', entry: null, version: 3 },
      { hash: 'b', entry: '2', version: written.get('b') },
    ]);
  });

  test('X4: a server that starts takes away keys that were revoked, and none that another has made since it read them', async () => {
    await using database = await open();
    const { db } = database;
    await db.insertInto('organisations').values({ id: 'org', name: 'org', created_at: 1 }).execute();
    const key = { org_id: 'org', name: '', prefix: '', last4: '', scopes: '[]', allowed_models: null, limits: '{}', created_at: 1, expires_at: null, replaced_by: null };
    await db
      .insertInto('keys')
      .values([
        { ...key, id: 'k1', hash: 'new', revoked_at: null },
        { ...key, id: 'k2', hash: 'revoked', revoked_at: 2 },
      ])
      .execute();
    await writeCallersFeed(db, [
      { hash: 'new', entry: '1' },
      { hash: 'revoked', entry: '1' },
    ]);
    await syncCallersFeed(db, new Map());
    expect((await readCallersFeed(db, 0, 10)).map(({ hash, entry }) => [hash, entry])).toEqual([
      ['new', '1'],
      ['revoked', null],
    ]);
  });

  test('who follows it misses no change of writers that write at once', async () => {
    await using database = await open();
    const { db } = database;
    const seen = new Map<string, string | null>();
    let version = 0;
    const look = async () => {
      for (const row of await readCallersFeed(db, version, 1_000)) {
        seen.set(row.hash, row.entry);
        version = row.version;
      }
    };
    const writer = async (name: number) => {
      for (let round = 0; round < 20; round++) {
        const changes = Array.from({ length: 1 + (round % 3) }, (_, at) => ({ hash: `${name}/${at}`, entry: `${round}` }));
        while (
          !(await writeCallersFeed(db, changes).then(
            () => true,
            () => false,
          ))
        );
      }
    };
    const done = new AbortController();
    const following = (async () => {
      while (!done.signal.aborted) await look();
    })();
    await Promise.all([0, 1, 2, 3].map(writer));
    done.abort();
    await following;
    await look();
    const kept = new Map((await readCallersFeed(db, 0, 1_000)).map(({ hash, entry }) => [hash, entry]));
    expect(seen).toEqual(kept);
    expect(kept.size).toBe(12);
  });
});
