import { expect, test } from 'vitest';
import type { Scope } from '../../contract/feeds.ts';
import { openDatabase } from '../../db/open.ts';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { SCOPES_OF } from './model.ts';
import { type Actor, Identity } from './service.ts';

async function start() {
  const clock = new FakeClock();
  const db = await openDatabase(':memory:');
  const identity = new Identity({ db, clock, changed: () => undefined });
  const { org } = await identity.ensurePlatform();
  const actor = (scopes: readonly Scope[], more: Partial<Actor> = {}): Actor => ({
    keyId: 'none',
    orgId: org.id,
    scopes,
    allowedModels: undefined,
    expiresAtMs: undefined,
    limits: {},
    ...more,
  });
  return { clock, db, identity, orgId: org.id, actor };
}

test('X9: a consumer can neither rotate nor revoke a key with more rights than its own', async () => {
  const { db, identity, orgId, actor } = await start();
  const [operatorKey] = await identity.listKeys(orgId);
  const consumer = actor(SCOPES_OF.consumer);
  await expect(identity.rotateKey(consumer, operatorKey?.id ?? '', 0)).rejects.toMatchObject({ kind: 'permission_denied' });
  await expect(identity.revokeKey(consumer, operatorKey?.id ?? '')).rejects.toMatchObject({ kind: 'permission_denied' });
  await expect(identity.createKey(consumer, { orgId, name: 'x', scopes: ['operator'] })).rejects.toMatchObject({ code: 'scope_beyond_own' });
  await db.destroy();
});

test('X9: a key with limits or allowed models makes no other key, and changes none but itself', async () => {
  const { db, identity, orgId, actor } = await start();
  const operator = actor(SCOPES_OF.operator);
  const { key } = await identity.createKey(operator, { orgId, name: 'small', scopes: SCOPES_OF.consumer, limits: { requestsPerMinute: 1 } });
  const other = await identity.createKey(operator, { orgId, name: 'free', scopes: SCOPES_OF.consumer });
  const small = actor(key.scopes, { keyId: key.id, limits: key.limits });
  await expect(identity.createKey(small, { orgId, name: 'x', scopes: ['inference'] })).rejects.toMatchObject({ code: 'restricted_key' });
  await expect(identity.rotateKey(small, other.key.id, 0)).rejects.toMatchObject({ code: 'restricted_key' });
  expect((await identity.rotateKey(small, key.id, 0)).key.limits).toEqual({ requestsPerMinute: 1 });
  await db.destroy();
});

test('X4: a key never outlives the key that made it, and a rotated one ends after its overlap', async () => {
  const { clock, db, identity, orgId, actor } = await start();
  const until = clock.now() + 1_000;
  const made = await identity.createKey(actor(SCOPES_OF.operator, { expiresAtMs: until }), { orgId, name: 'x', scopes: ['inference'] });
  expect(made.key.expiresAt).toBe(until);
  const operator = actor(SCOPES_OF.operator);
  const { key } = await identity.createKey(operator, { orgId, name: 'y', scopes: ['inference'] });
  await identity.rotateKey(operator, key.id, 5_000);
  const old = (await identity.listKeys(orgId)).find(({ id }) => id === key.id);
  expect(old?.expiresAt).toBe(clock.now() + 5_000);
  await db.destroy();
});
