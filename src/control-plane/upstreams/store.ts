import type { Db } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { Upstream } from './model.ts';

export async function list(on: Db): Promise<Upstream[]> {
  return (await on.selectFrom('upstreams').selectAll().orderBy('name').execute()).map(fromRow);
}

export async function put(on: Db, upstream: Upstream): Promise<void> {
  const { name, url, dialect, slots, binary, sealed, hint, createdAt } = upstream;
  const values = { url, dialect, slots, takes_binary: binary ? 1 : 0, sealed: sealed ?? null, hint };
  await on
    .insertInto('upstreams')
    .values({ name, ...values, created_at: createdAt })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .execute();
}

export async function remove(on: Db, name: string): Promise<void> {
  await on.deleteFrom('upstreams').where('name', '=', name).execute();
}

function fromRow(row: Schema['upstreams']): Upstream {
  return {
    name: row.name,
    url: row.url,
    dialect: row.dialect as Upstream['dialect'],
    slots: row.slots,
    binary: row.takes_binary === 1,
    sealed: row.sealed ?? undefined,
    hint: row.hint,
    createdAt: row.created_at,
  };
}
