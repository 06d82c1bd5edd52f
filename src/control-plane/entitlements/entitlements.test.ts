import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Db, openDatabase, type Tx } from '../../db/open.ts';
import type { StoredKey } from '../identity/index.ts';
import type { Budget } from './budget-model.ts';
import type { Contract, Terms } from './model.ts';
import { type CallerChange, Entitlements } from './service.ts';

const KEYS = 100_000;
let db: Db;
let terms: Map<string, Terms>;
let reads: (readonly string[] | undefined)[];
let changes: CallerChange[];
/** What the database has of keys, when a change looks. */
let stored: StoredKey[];
let entitlements: Entitlements;
beforeEach(async () => {
  db = await openDatabase(':memory:');
  terms = new Map();
  reads = [];
  changes = [];
  stored = [];
  entitlements = new Entitlements({
    db,
    async terms(_on, orgIds) {
      reads.push(orgIds);
      return terms;
    },
    keys: async () => stored,
    onChanged: (change) => void changes.push(change),
  });
});
afterEach(() => db.destroy());

const key = (id: string, orgId: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id,
  orgId,
  orgName: orgId,
  name: id,
  hash: `hash-${id}`,
  prefix: '',
  last4: '',
  scopes: ['inference'],
  allowedModels: null,
  limits: {},
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  replacedBy: null,
  ...more,
});
const contract = (id: string, more: Partial<Contract> = {}): Contract => ({
  id,
  orgId: 'org',
  planId: 'plan',
  deployment: `seller/${id}`,
  priceVersion: 'v1',
  next: undefined,
  isActive: true,
  allKeys: true,
  keys: [],
  createdAt: 0,
  cancelledAt: undefined,
  price: 'unavailable',
  limits: {},
  quota: undefined,
  ...more,
});
const budget = (id: string, more: Partial<Budget> = {}): Budget => ({
  id,
  orgId: 'org',
  keyId: undefined,
  subscription: undefined,
  unit: 'micros',
  limitAmount: 1n,
  period: 'day',
  isHard: true,
  alertPercents: [],
  createdAt: 0,
  removedAt: undefined,
  ...more,
});
const change = (work: (tx: Tx) => Promise<unknown> = async () => undefined) =>
  entitlements.change(async (tx) => {
    await work(tx);
    return { result: undefined, orgIds: ['org'] };
  });
const subscriptionsOf = (id: string) => entitlements.byKeyId(id)?.offers.map(({ subscription }) => subscription);

test('100,000 keys are loaded by one look at all terms', async () => {
  terms.set('org-7', { contracts: [contract('s')], budgets: [budget('b')] });
  await entitlements.load(Array.from({ length: KEYS }, (_, index) => key(`k${index}`, `org-${index % 100}`)));
  expect(reads).toEqual([undefined]);
  expect([...entitlements.all()]).toHaveLength(KEYS);
  expect(entitlements.find('hash-k99907')).toMatchObject({ budgets: ['b'], offers: [{ price: 'unpriced' }, { subscription: 's' }] });
  expect(entitlements.find('hash-k99908')?.offers).toHaveLength(1);
  expect(changes).toEqual([]);
});

test('M28: a change replaces the entries of the organisation’s keys and leaves those of before as they were', async () => {
  await entitlements.load([key('a', 'org'), key('b', 'org'), key('c', 'other')]);
  const before = entitlements.byKeyId('a');
  const copy = structuredClone(before);
  terms.set('org', {
    contracts: [contract('s1'), contract('s2', { allKeys: false, keys: ['b'] })],
    budgets: [budget('z'), budget('a', { keyId: 'a' }), budget('soft', { isHard: false })],
  });
  await change();
  expect(before).toEqual(copy);
  expect([subscriptionsOf('a'), subscriptionsOf('b'), subscriptionsOf('c')]).toEqual([[undefined, 's1'], [undefined, 's1', 's2'], [undefined]]);
  expect([entitlements.byKeyId('a')?.budgets, entitlements.byKeyId('b')?.budgets]).toEqual([['a', 'z'], ['z']]);
  expect([entitlements.isBudgeted('a'), entitlements.isBudgeted('b')]).toEqual([true, false]);
  // Who listens is told of each entry, whole.
  expect(changes).toEqual([entitlements.byKeyId('a'), entitlements.byKeyId('b')]);
  expect(reads).toEqual([undefined, ['org']]);
});

test('a change that fails leaves the feed as it was; those that come at once follow one another', async () => {
  await entitlements.load([key('a', 'org')]);
  const before = entitlements.byKeyId('a');
  terms.set('org', { contracts: [contract('s1')], budgets: [] });
  await expect(change(() => Promise.reject(new Error('the database is away')))).rejects.toThrow('away');
  expect(entitlements.byKeyId('a')).toBe(before);
  const order: number[] = [];
  await Promise.all([1, 2, 3].map((turn) => change(async () => void order.push(turn))));
  expect(order).toEqual([1, 2, 3]);
  expect(subscriptionsOf('a')).toEqual([undefined, 's1']);
});

test('a revoked key is gone at once, and is told of; a rotated one and its successor share what is bound to either', async () => {
  terms.set('org', { contracts: [contract('s', { allKeys: false, keys: ['old'] })], budgets: [budget('b', { keyId: 'new' })] });
  await entitlements.load([key('old', 'org')]);
  entitlements.keyChanged(key('old', 'org', { replacedBy: 'new' }));
  entitlements.keyChanged(key('new', 'org'));
  for (const id of ['old', 'new']) expect([subscriptionsOf(id), entitlements.byKeyId(id)?.budgets], id).toEqual([[undefined, 's'], ['b']]);
  entitlements.keyChanged(key('old', 'org', { revokedAt: 1 }));
  expect([entitlements.find('hash-old'), changes.at(-1)]).toEqual([undefined, { hash: 'hash-old', removed: true }]);
  // After a restart the line is known from the table, though its first key is gone.
  await entitlements.load([key('new', 'org')], [['old', 'new']]);
  expect(subscriptionsOf('new')).toEqual([undefined, 's']);
});

test('a key that may not infer is offered nothing', async () => {
  terms.set('org', { contracts: [contract('s')], budgets: [] });
  await entitlements.load([key('a', 'org', { scopes: ['usage'] })]);
  expect(entitlements.byKeyId('a')?.offers).toEqual([]);
});

test('X4: a change takes keys as the database has them, but for those that were changed here meanwhile', async () => {
  await entitlements.load([key('mine', 'org'), key('rotated', 'org')]);
  stored = [key('mine', 'org'), key('rotated', 'org', { expiresAt: 5 }), key('elsewhere', 'org')];
  await entitlements.change(async () => {
    entitlements.keyChanged(key('mine', 'org', { revokedAt: 1 }));
    return { result: undefined, orgIds: ['org'] };
  });
  expect(entitlements.byKeyId('mine')).toBeUndefined();
  expect(entitlements.byKeyId('rotated')?.expiresAtMs).toBe(5);
  expect(entitlements.byKeyId('elsewhere')?.orgId).toBe('org');
  expect(changes.map((change) => ('removed' in change ? 'removed' : change.keyId))).toEqual(['removed', 'rotated', 'elsewhere']);
});
