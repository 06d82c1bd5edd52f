import { chargeOf, quantitiesOf, type Rates, writeRates } from '../../../src/contract/price.ts';
import type { UsageRecord } from '../../../src/contract/usage.ts';
import { Receipts } from '../../../src/control-plane/billing/index.ts';
import { Ledger } from '../../../src/control-plane/ledger/index.ts';
import { splitOf } from '../../../src/control-plane/ledger/model.ts';
import { Usage } from '../../../src/control-plane/usage/index.ts';
import { type Db, transact } from '../../../src/db/open.ts';
import { batchOf } from '../../../src/usage-log/record.ts';
import { usageRecord } from '../../../src/usage-log/testing.ts';
import { FakeClock } from '../../fake-clock.ts';
import { seeded } from '../../seeded.ts';
import type { Attempt, Evidence, Receipt, Run } from './evidence.ts';

/** A book that the product's own ledger has written, for the auditor to be tried on; and what clients, engines and receipts say of it. */

export const CALLS = 40;
export const LEASE = 'lease_1';
/** Less than the calls cost: the rest is paid beyond it. */
export const LEASED = 4_000n;
/** Attempts and rows that no call of `CALLS` is: of a free plan, and a tensor. */
export const FREE_CALLS = [300, 301, 302];
export const TENSOR_CALL = 200;

const RATES: Rates = { input_tokens: 150_000n, cached_tokens: 10_001n, output_tokens: 600_003n, requests: 7n, rows: 55_555n, bytes: 12_345n, compute_ms: 999_999n };
const PRICES: Readonly<Record<string, { readonly plan: string; readonly number: number; readonly rates: Rates }>> = {
  price_1: { plan: 'plan_1', number: 1, rates: RATES },
  price_2: { plan: 'plan_1', number: 2, rates: { ...RATES, output_tokens: 700_001n } },
  price_3: { plan: 'plan_2', number: 1, rates: {} },
};
const SHARE = { publisher: 'globex', publisherBasisPoints: 8_000, taxBasisPoints: 1_900 };
const MODEL = 'globex/echo';

/** When the contract came to its second price, and when its first key ended. */
export const REPRICED_AT = 50_000;
export const KEY_ENDED_AT = 60_000;

export const idOf = (n: number) => `req_${String(n).padStart(4, '0')}`;

const attempt = (n: number, { promptTokens, completionTokens, rows, orgId, deployment, subscription }: UsageRecord, more: Partial<Attempt> = {}): Attempt => ({
  call: `call-${n}`,
  outcome: 'whole',
  status: 200,
  idempotencyKey: undefined,
  isReplayed: false,
  orgId,
  model: deployment,
  subscription,
  isPaid: subscription === 'sub_1',
  id: idOf(n),
  bodyHash: `hash-${n}`,
  promptTokens,
  completionTokens,
  rows,
  ...more,
});

/**
 * Forty answered calls, each a little different; then one that was left, one that was cut, one that broke before a word, one repeat, one without a price, one of tensors,
 * three under a quota, and a refund.
 */
export async function fill(db: Db): Promise<Omit<Evidence, 'book'>> {
  const clock = new FakeClock();
  const ledger = new Ledger(db, clock);
  const usage = new Usage(db);
  await ledger.credit({ id: 'topup', orgId: 'acme', amountMicros: 1_000_000n, priority: 2, expiresAt: undefined, note: '', isPaid: true });
  await ledger.lease({ id: LEASE, orgId: 'acme', gateway: 'g', epoch: 1, wantedMicros: LEASED });
  const records = recordsOf();
  await sell(db, records);
  const charged = await post(db, { usage, ledger }, records);
  await ledger.refund({ id: 'refund_1', of: idOf(0), split: { publisher: SHARE.publisher, publisherMicros: 2n, platformMicros: 1n, taxMicros: 0n } });
  await ledger.close(LEASE);
  const receipts = new Receipts({
    db,
    clock,
    usage,
    prices: { priceOf: async (id) => ({ id, currency: 'EUR', rates: PRICES[id]?.rates ?? {}, ...SHARE }) },
    organisations: { byName: async (name) => ({ id: name, name }), names: async () => new Map() },
    signingKey: Buffer.alloc(32, 7),
  });
  const signed: Receipt[] = [];
  for (const id of [...charged, idOf(FREE_CALLS[0] ?? 0)]) signed.push(await receipts.get({ orgId: 'platform', orgName: 'platform', scopes: ['operator'] }, id));
  const of = (n: number) => records.find(({ requestId }) => requestId === idOf(n)) ?? usageRecord(idOf(n));
  const untold = { bodyHash: undefined, promptTokens: undefined, completionTokens: undefined, rows: undefined };
  return {
    truth: records.filter(({ rows }) => rows === 0).map(runOf),
    clients: [
      ...records.slice(0, CALLS).map((record, n) => attempt(n, record)),
      attempt(0, of(0), { idempotencyKey: 'k', isReplayed: true }),
      attempt(100, of(100), { ...untold, outcome: 'left' }),
      attempt(101, of(101), { ...untold, outcome: 'cut', id: undefined }),
      attempt(102, of(102), { ...untold, outcome: 'refused', status: 502 }),
      ...[103, TENSOR_CALL, ...FREE_CALLS].map((n) => attempt(n, of(n))),
    ],
    segments: [],
    receipts: signed,
    receiptKey: receipts.key.publicKey,
    changes: [
      { subscription: 'sub_1', version: 'price_1', from: 0, until: 0 },
      { subscription: 'sub_1', version: 'price_2', from: REPRICED_AT, until: REPRICED_AT + 10 },
      { subscription: 'sub_2', version: 'price_3', from: 0, until: 0 },
    ],
  };
}

function recordsOf(): UsageRecord[] {
  const random = seeded(1);
  const terms = { orgId: 'acme', deployment: MODEL, subscription: 'sub_1', lease: LEASE };
  const priced = { ...terms, keyId: 'key_1', priceVersion: 'price_1' };
  const later = { ...terms, keyId: 'key_2', priceVersion: 'price_2' };
  const answered = Array.from({ length: CALLS }, (_, n) => {
    const promptTokens = 1 + Math.floor(random() * 500);
    const durationMs = 10 + random() * 100;
    return usageRecord(idOf(n), {
      ...(n < 30 ? priced : later),
      startedAt: n < 30 ? 1_000 + n : 70_000 + n,
      promptTokens,
      cachedTokens: Math.floor(random() * promptTokens),
      completionTokens: 1 + Math.floor(random() * 300),
      requestBytes: Math.floor(random() * 5_000),
      responseBytes: Math.floor(random() * 9_000),
      durationMs,
      stages: n % 5 === 0 ? {} : { queue: durationMs / 3 },
    });
  });
  const cutOff = { ...priced, promptTokens: 9, cachedTokens: 0, completionTokens: 4 };
  const free = { orgId: 'gratis', keyId: 'key_f', deployment: MODEL, subscription: 'sub_2', priceVersion: 'price_3', lease: 'lease_q' };
  return [
    ...answered,
    usageRecord(idOf(100), { ...cutOff, status: 'cancelled' }),
    usageRecord(idOf(101), { ...cutOff, status: 'failed', estimated: true }),
    usageRecord(idOf(102), { ...priced, status: 'failed', promptTokens: 0, completionTokens: 0 }),
    usageRecord(idOf(103), { orgId: 'globex', keyId: 'key_g', deployment: MODEL, promptTokens: 3, completionTokens: 2 }),
    usageRecord(idOf(TENSOR_CALL), { ...later, startedAt: 71_000, promptTokens: 0, completionTokens: 0, rows: 4 }),
    ...FREE_CALLS.map((n) => usageRecord(idOf(n), free)),
  ];
}

function runOf({ requestId: id, status, promptTokens, completionTokens }: UsageRecord): Run {
  return { id, tag: `call-${Number(id.slice(4))}`, end: status === 'failed' ? undefined : { whole: status === 'ok', promptTokens, completionTokens } };
}

const chargeFor = (record: UsageRecord): bigint => chargeOf(PRICES[record.priceVersion]?.rates ?? {}, quantitiesOf(record));

/** Keys, plans' prices, contracts and budgets, and what is counted of these. No limit could be one lower. */
async function sell(db: Db, records: readonly UsageRecord[]): Promise<void> {
  await db
    .insertInto('organisations')
    .values(['acme', 'gratis', 'globex'].map((id) => ({ id, name: id, created_at: 1 })))
    .execute();
  for (const [id, { plan, number, rates }] of Object.entries(PRICES)) {
    const shares = { publisher_org_id: SHARE.publisher, publisher_basis_points: SHARE.publisherBasisPoints, tax_basis_points: SHARE.taxBasisPoints };
    const version = { id, plan_id: plan, number, currency: 'EUR', rates: JSON.stringify(writeRates(rates)), ...shares, is_confirmed: 0, created_by: 'test', created_at: 1 };
    await db.insertInto('price_versions').values(version).execute();
  }
  const listing = { id: 'listing_1', deployment: MODEL, org_id: 'globex', title: 'Echo', summary: '', card: '', licence: '', tags: '[]', visibility: 'public', visible_to: '[]' };
  await db
    .insertInto('listings')
    .values({ ...listing, publisher_basis_points: null, state: 'listed', reason: '', created_at: 1, updated_at: 1 })
    .execute();
  const plan = { listing_id: listing.id, quota_unit: null, quota_amount: null, quota_period: null, limits: '{}', is_open: 1, created_at: 1 };
  await db
    .insertInto('plans')
    .values([
      { ...plan, id: 'plan_1', name: 'standard', kind: 'pay_per_use' },
      { ...plan, id: 'plan_2', name: 'free', kind: 'free', quota_unit: 'requests', quota_amount: BigInt(FREE_CALLS.length), quota_period: 'day' },
    ])
    .execute();
  const contract = { deployment: MODEL, next_price_version: null, next_at: null, state: 'active', all_keys: 1, created_at: 1, cancelled_at: null };
  await db
    .insertInto('subscriptions')
    .values([
      { id: 'sub_1', org_id: 'acme', plan_id: 'plan_1', price_version: 'price_2', ...contract },
      { id: 'sub_2', org_id: 'gratis', plan_id: 'plan_2', price_version: 'price_3', ...contract },
    ])
    .execute();
  const key = { name: 'k', prefix: 'my_k', last4: 'test', scopes: '[]', allowed_models: null, limits: '{}', created_at: 1, expires_at: null, revoked_at: null, replaced_by: null };
  await db
    .insertInto('keys')
    .values([
      { ...key, id: 'key_1', hash: '1', org_id: 'acme', expires_at: KEY_ENDED_AT, replaced_by: 'key_2' },
      { ...key, id: 'key_2', hash: '2', org_id: 'acme' },
      { ...key, id: 'key_f', hash: '3', org_id: 'gratis' },
      { ...key, id: 'key_g', hash: '4', org_id: 'globex' },
    ])
    .execute();
  const spent = records.reduce((sum, record) => sum + chargeFor(record), 0n);
  const budget = { subscription_id: null, key_id: null, period: 'total', is_hard: 1, alert_percents: '[]', created_at: 1, removed_at: null };
  await db
    .insertInto('budgets')
    .values([
      { ...budget, id: 'bgt_key', org_id: 'acme', key_id: 'key_1', unit: 'micros', limit_amount: LEASED },
      { ...budget, id: 'bgt_org', org_id: 'acme', unit: 'micros', limit_amount: LEASED, period: 'month' },
      { ...budget, id: 'bgt_quota', org_id: 'gratis', subscription_id: 'sub_2', unit: 'requests', limit_amount: BigInt(FREE_CALLS.length), period: 'day' },
    ])
    .execute();
  const used = { bgt_key: spent, bgt_org: spent, bgt_quota: BigInt(FREE_CALLS.length) };
  for (const [id, amount] of Object.entries(used))
    await db.insertInto('budget_periods').values({ budget_id: id, start: 0, used_amount: amount, leased_amount: 0n, alerted_percent: 0 }).execute();
}

/** As billing does it: usage rows and their charges. Returns the ids of those that were charged for. */
async function post(db: Db, { usage, ledger }: { readonly usage: Usage; readonly ledger: Ledger }, records: readonly UsageRecord[]): Promise<string[]> {
  await usage.post(batchOf(records).rows);
  const charges = records.flatMap((record) => {
    const charge = chargeFor(record);
    if (charge === 0n) return [];
    const tax = (charge * BigInt(SHARE.taxBasisPoints)) / 10_000n;
    return [{ id: record.requestId, orgId: record.orgId, lease: record.lease, split: splitOf(charge, SHARE.publisher, SHARE.publisherBasisPoints, tax) }];
  });
  await transact(db, (tx) => ledger.settle(tx, charges));
  return charges.map(({ id }) => id);
}

/** A charge that is posted again under another id, well chained. */
export async function chargeAgain(db: Db, n: number): Promise<void> {
  const ledger = new Ledger(db, new FakeClock());
  await transact(db, (tx) => ledger.settle(tx, [{ id: `again_${idOf(n)}`, orgId: 'acme', lease: LEASE, split: splitOf(100n, SHARE.publisher, SHARE.publisherBasisPoints) }]));
}
