import { sql } from 'kysely';
import { type Db, transact, type Tx } from './open.ts';

/** The feeds' tables: written by who leads, read by gateways in other processes. Texts are opaque here. */

/** Says that the feeds are of a new generation: what readers have kept of former ones is read anew. So a database that was restored from a backup is not taken for the one that it was. */
export async function writeFeedGeneration(db: Db, value: string): Promise<void> {
  await db
    .insertInto('feed_generation')
    .values({ id: 1, value })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ value }))
    .execute();
}

/** Empty: no server has been there yet. */
export async function readFeedGeneration(db: Db): Promise<string> {
  const row = await db.selectFrom('feed_generation').select('value').executeTakeFirst();
  return row?.value ?? '';
}

export interface RoutesRow {
  readonly version: number;
  readonly body: string;
}

/** Puts a routes feed in the place of the former, unless that is of a later leader (S35). */
export async function writeRoutesFeed(db: Db, { epoch, body }: { readonly epoch: number; readonly body: string }): Promise<void> {
  await db
    .insertInto('routes_feed')
    .values({ id: 1, version: 1, epoch, body })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ epoch, body, version: sql<number>`routes_feed.version + 1` })
        .where('routes_feed.epoch', '<=', epoch),
    )
    .execute();
}

/** The routes feed, when it is newer than the one that the reader has. */
export async function readRoutesFeed(db: Db, after: number): Promise<RoutesRow | undefined> {
  return db.selectFrom('routes_feed').select(['version', 'body']).where('version', '>', after).executeTakeFirst();
}

/** One key's entry; null: the key is gone. */
export interface CallerChange {
  readonly hash: string;
  readonly entry: string | null;
}

/** Returns the versions that the changes have got, by the keys' hashes; those of keys that are gone for good have got none. */
export async function writeCallersFeed(db: Db, changes: readonly CallerChange[]): Promise<ReadonlyMap<string, number>> {
  return changes.length > 0 ? transact(db, (tx) => write(tx, changes)) : new Map();
}

/** Makes the table say what `entries` says, and touches nothing else: what is not among them was revoked, unless another server has made it since they were read. */
export function syncCallersFeed(db: Db, entries: ReadonlyMap<string, string>): Promise<void> {
  return transact(db, async (tx) => {
    const known = new Map<string, string | null>();
    for (const { hash, entry } of await tx.selectFrom('callers_feed').select(['hash', 'entry']).execute()) known.set(hash, entry);
    const changed = [...entries].filter(([hash, entry]) => known.get(hash) !== entry).map(([hash, entry]) => ({ hash, entry }));
    const live = new Set((await tx.selectFrom('keys').select('hash').where('revoked_at', 'is', null).execute()).map(({ hash }) => hash));
    const gone = [...known].filter(([hash, entry]) => entry !== null && !entries.has(hash) && !live.has(hash)).map(([hash]) => ({ hash, entry: null }));
    await write(tx, [...changed, ...gone]);
  });
}

const ROWS_PER_STATEMENT = 200;

/** Versions are given in one sequence; a key that changes again leaves its former place in it. One that is gone stays gone, whatever a server says that has not heard of it yet. */
async function write(tx: Tx, changes: readonly CallerChange[]): Promise<ReadonlyMap<string, number>> {
  if (changes.length === 0) return new Map();
  const { last } = await tx
    .selectFrom('callers_feed')
    .select(sql<number>`COALESCE(MAX(version), 0)`.as('last'))
    .executeTakeFirstOrThrow();
  // A key that comes twice in one batch has its last state.
  const rows = [...new Map(changes.map((change) => [change.hash, change])).values()].map(({ hash, entry }, index) => ({ hash, entry, version: last + 1 + index }));
  const written = new Set<string>();
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const taken = await tx
      .insertInto('callers_feed')
      .values(rows.slice(from, from + ROWS_PER_STATEMENT))
      .onConflict((conflict) =>
        conflict
          .column('hash')
          .doUpdateSet({ version: (eb) => eb.ref('excluded.version'), entry: (eb) => eb.ref('excluded.entry') })
          .where((eb) => eb.or([eb('callers_feed.entry', 'is not', null), eb('excluded.entry', 'is', null)])),
      )
      .returning('hash')
      .execute();
    for (const { hash } of taken) written.add(hash);
  }
  return new Map(rows.filter(({ hash }) => written.has(hash)).map(({ hash, version }) => [hash, version]));
}

export interface CallerRow extends CallerChange {
  readonly version: number;
}

/** The changes since a version, oldest first. */
export function readCallersFeed(db: Db, after: number, limit: number): Promise<CallerRow[]> {
  return db.selectFrom('callers_feed').select(['version', 'hash', 'entry']).where('version', '>', after).orderBy('version').limit(limit).execute();
}

/** The version that the callers feed has come to. */
export async function callersVersion(db: Db): Promise<number> {
  const { last } = await db
    .selectFrom('callers_feed')
    .select(sql<number>`COALESCE(MAX(version), 0)`.as('last'))
    .executeTakeFirstOrThrow();
  return last;
}

/** What a gateway has waiting and running, for who leads. */
export async function writeGatewayLoad(db: Db, { gateway, at, body }: { readonly gateway: string; readonly at: number; readonly body: string }): Promise<void> {
  await db
    .insertInto('gateway_loads')
    .values({ gateway, at, body })
    .onConflict((conflict) => conflict.column('gateway').doUpdateSet({ at, body }))
    .execute();
}

export function readGatewayLoads(db: Db, since: number): Promise<{ readonly gateway: string; readonly at: number; readonly body: string }[]> {
  return db.selectFrom('gateway_loads').selectAll().where('at', '>=', since).execute();
}
