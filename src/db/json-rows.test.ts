import { describe, expect, test } from 'vitest';
import { DATABASES } from '../../tests/databases.ts';
import { insertJsonRows } from './json-rows.ts';
import { transact } from './open.ts';

const FIELDS = ['id', 'text', 'object', 'flag', 'none', 'when'];
const TARGET = {
  table: 'jobs',
  key: 'id',
  columns: {
    id: 'id',
    org_id: 'text',
    kind: 'text',
    state: 'flag',
    input: { json: 'object' },
    progress: 'text',
    result: 'none',
    error: 'none',
    created_at: 'when',
    updated_at: 'when',
  },
} as const;

describe.each(DATABASES)('on %s', (_name, open) => {
  test('text of any kind, numbers, booleans, null and inner objects are stored as they were given', async () => {
    await using database = await open();
    const { db } = database;
    const texts = ['', 'plain', 'żółw 🐢', `"quotes" 'single' \\ \n\t\u2028`, '{"not":"parsed"}', '12', '\ud800'];
    const rows = texts.map((text, i) => [`job_${i}`, text, { [text]: 0.1 }, i % 2 === 0, null, 1_767_225_600_123 + i]);
    await transact(db, (tx) => insertJsonRows(tx, TARGET, { fields: FIELDS, json: JSON.stringify(rows) }));
    const stored = await db.selectFrom('jobs').selectAll().orderBy('id').execute();
    // What is no Unicode text has no form in a database either.
    const storable = (text: string) => text.toWellFormed();
    expect(stored.map(({ org_id }) => storable(org_id).replaceAll('\ufffd\ufffd\ufffd', '\ufffd'))).toEqual(texts.map(storable));
    expect(stored.slice(0, -1).map(({ input }) => input)).toEqual(texts.slice(0, -1).map((text) => JSON.stringify({ [text]: 0.1 })));
    expect(stored.map(({ state }) => state)).toEqual(texts.map((_, i) => (i % 2 === 0 ? '1' : '0')));
    expect(stored.map(({ result, error }) => [result, error])).toEqual(texts.map(() => [null, null]));
    expect(stored.map(({ created_at }) => created_at)).toEqual(texts.map((_, i) => 1_767_225_600_123 + i));
  });

  test('a row whose key is there is left alone, and none that comes with it is held up; nothing of a failed transaction stays', async () => {
    await using database = await open();
    const { db } = database;
    const json = (...ids: string[]) => JSON.stringify(ids.map((id) => [id, 'text', {}, true, null, ids.length]));
    await transact(db, (tx) => insertJsonRows(tx, TARGET, { fields: FIELDS, json: json('a') }));
    await transact(db, (tx) => insertJsonRows(tx, TARGET, { fields: FIELDS, json: json('a', 'b') }));
    await transact(db, (tx) => insertJsonRows(tx, TARGET, { fields: FIELDS, json: '[]' }));
    const failing = transact(db, async (tx) => {
      await insertJsonRows(tx, TARGET, { fields: FIELDS, json: json('c') });
      await insertJsonRows(tx, TARGET, { fields: FIELDS, json: '[["d"]]' });
    });
    await expect(failing).rejects.toThrow(/not.null/i);
    await expect(transact(db, (tx) => insertJsonRows(tx, TARGET, { fields: ['id'], json: '[["e"]]' }))).rejects.toThrow('rows without the field text');
    const rows = await db.selectFrom('jobs').select(['id', 'created_at']).orderBy('id').execute();
    expect(rows).toEqual([
      { id: 'a', created_at: 1 },
      { id: 'b', created_at: 2 },
    ]);
  });
});
