import { sql } from 'kysely';
import type { Db } from './open.ts';

export interface LeaseOrder {
  readonly name: string;
  /** The same for the same server, also after a restart. */
  readonly holder: string;
  /** The epoch that the holder has; undefined: it has just started, and takes a new one. */
  readonly epoch: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ttlMs: number;
}

/**
 * Takes or renews a lease, by one guarded statement: it goes to who has it, or to anybody once it has expired. Returns the holder's epoch, which grows with every
 * change of hands and every restart; undefined: another has it.
 */
export async function takeLease(db: Db, { name, holder, epoch, now, ttlMs }: LeaseOrder): Promise<number | undefined> {
  const expiresAt = now + ttlMs;
  if (epoch !== undefined) {
    const { numUpdatedRows } = await db
      .updateTable('leases')
      .set({ expires_at: expiresAt })
      .where('name', '=', name)
      .where('holder', '=', holder)
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) return epoch;
  }
  const taken = await db
    .insertInto('leases')
    .values({ name, holder, epoch: 1, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, expires_at: expiresAt, epoch: sql<number>`leases.epoch + 1` })
        .where((eb) => eb.or([eb('leases.holder', '=', holder), eb('leases.expires_at', '<=', now)])),
    )
    .returning('epoch')
    .executeTakeFirst();
  return taken?.epoch;
}
