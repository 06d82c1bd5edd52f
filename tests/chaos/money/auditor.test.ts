import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chargeOf, quantitiesOf, type Rates, writeRates } from '../../../src/contract/price.ts';
import type { UsageRecord } from '../../../src/contract/usage.ts';
import { Ledger } from '../../../src/control-plane/ledger/index.ts';
import { splitOf } from '../../../src/control-plane/ledger/model.ts';
import { Usage } from '../../../src/control-plane/usage/index.ts';
import { type Db, openDatabase, transact } from '../../../src/db/open.ts';
import { batchOf, encodeRecord } from '../../../src/usage-log/record.ts';
import { usageRecord } from '../../../src/usage-log/testing.ts';
import { openPostgres } from '../../databases.ts';
import { seeded } from '../../seeded.ts';
import { FakeClock } from '../../fake-clock.ts';
import { audit, render } from './auditor.ts';
import type { Attempt, Evidence, Receipt, Run } from './evidence.ts';
import { readBook } from './read-book.ts';

/** The auditor is tried on a book that the product's own ledger has written: it must find nothing there, and each thing that is then spoilt. */

const CALLS = 40;
const RATES: Rates = { input_tokens: 150_000n, cached_tokens: 10_001n, output_tokens: 600_003n, requests: 7n, bytes: 12_345n, compute_ms: 999_999n };
const SHARE = { publisher: 'globex', publisherBasisPoints: 8_000, taxBasisPoints: 1_900 };
const LEASE = 'lease_1';

let folder: string;
let sound: string;
let file: string;
let evidence: Omit<Evidence, 'book'>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'my-audit-'));
  sound = join(folder, 'sound.db');
  file = join(folder, 'book.db');
  const db = await openDatabase(sound);
  evidence = await fill(db);
  await db.destroy();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
  copyFileSync(sound, file);
});

const idOf = (n: number) => `req_${String(n).padStart(4, '0')}`;
const whole = (n: number, completionTokens: number, more: Partial<Attempt> = {}): Attempt => ({
  call: `call-${n}`,
  outcome: 'whole',
  status: 200,
  idempotencyKey: undefined,
  isReplayed: false,
  isPaid: true,
  id: idOf(n),
  bodyHash: `hash-${n}`,
  completionTokens,
  ...more,
});

/** Forty answered calls, each a little different; then one that was left, one that was cut, one that broke before a word, one repeat, one without a price, and a refund. */
async function fill(db: Db): Promise<Omit<Evidence, 'book'>> {
  const clock = new FakeClock();
  const ledger = new Ledger(db, clock);
  const usage = new Usage(db);
  const random = seeded(1);
  await db
    .insertInto('price_versions')
    .values({
      id: 'price_1',
      plan_id: 'plan_1',
      number: 1,
      currency: 'EUR',
      rates: JSON.stringify(writeRates(RATES)),
      publisher_org_id: SHARE.publisher,
      publisher_basis_points: SHARE.publisherBasisPoints,
      tax_basis_points: SHARE.taxBasisPoints,
      is_confirmed: 0,
      created_by: 'test',
      created_at: 1,
    })
    .execute();
  await ledger.credit({ id: 'topup', orgId: 'acme', amountMicros: 1_000_000n, priority: 2, expiresAt: undefined, note: '', isPaid: true });
  await ledger.lease({ id: LEASE, orgId: 'acme', gateway: 'g', epoch: 1, wantedMicros: 2_000n });
  const priced = { orgId: 'acme', priceVersion: 'price_1', lease: LEASE };
  const records: UsageRecord[] = Array.from({ length: CALLS }, (_, n) => {
    const promptTokens = 1 + Math.floor(random() * 500);
    const durationMs = 10 + random() * 100;
    return usageRecord(idOf(n), {
      ...priced,
      status: 'ok',
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
  records.push(
    usageRecord(idOf(100), { ...cutOff, status: 'cancelled' }),
    usageRecord(idOf(101), { ...cutOff, status: 'failed', estimated: true }),
    usageRecord(idOf(102), { ...priced, status: 'failed', promptTokens: 0, cachedTokens: 0, completionTokens: 0 }),
    usageRecord(idOf(103), { orgId: 'globex', status: 'ok', promptTokens: 3, cachedTokens: 0, completionTokens: 2 }),
  );
  const receipts = await post(db, { usage, ledger }, records);
  await ledger.refund({ id: 'refund_1', of: idOf(0), split: { publisher: SHARE.publisher, publisherMicros: 2n, platformMicros: 1n, taxMicros: 0n } });
  await ledger.close(LEASE);
  const runOf = ({ requestId: id, status, promptTokens, completionTokens }: UsageRecord): Run => ({
    id,
    tag: `call-${Number(id.slice(4))}`,
    end: status === 'failed' ? undefined : { whole: status === 'ok', promptTokens, completionTokens },
  });
  const answered = records.slice(0, CALLS);
  return {
    truth: records.map(runOf),
    clients: [
      ...answered.map(({ completionTokens }, n) => whole(n, completionTokens)),
      whole(0, answered[0]?.completionTokens ?? 0, { idempotencyKey: 'k', isReplayed: true }),
      whole(100, 0, { outcome: 'left', bodyHash: undefined, completionTokens: undefined }),
      whole(101, 0, { outcome: 'cut', id: undefined, bodyHash: undefined, completionTokens: undefined }),
      whole(102, 0, { outcome: 'refused', status: 502, bodyHash: undefined, completionTokens: undefined }),
      whole(103, 2, { isPaid: false }),
    ],
    segments: [],
    receipts,
  };
}

/** As billing does it: a usage row, its charge, and what its receipt would say. */
async function post(db: Db, { usage, ledger }: { usage: Usage; ledger: Ledger }, records: readonly UsageRecord[]): Promise<Receipt[]> {
  await usage.post(batchOf(records.map((record) => encodeRecord(record))).rows);
  const charges = records.flatMap((record) => {
    const charge = record.priceVersion === '' ? 0n : chargeOf(RATES, quantitiesOf(record));
    if (charge === 0n) return [];
    const tax = (charge * BigInt(SHARE.taxBasisPoints)) / 10_000n;
    return [{ id: record.requestId, orgId: record.orgId, lease: record.lease, charge, split: splitOf(charge, SHARE.publisher, SHARE.publisherBasisPoints, tax) }];
  });
  await transact(db, (tx) => ledger.settle(tx, charges));
  const kept = await db.selectFrom('ledger_transactions').select(['id', 'seq', 'hash']).execute();
  const places = new Map(kept.map((row) => [row.id, row]));
  return charges.map(({ id, charge }) => ({ id, total: charge, seq: places.get(id)?.seq, hash: places.get(id)?.hash }));
}

const judge = async (more: Partial<Evidence> = {}) => audit({ ...evidence, book: await readBook(file), ...more });

/** Changes the file as nobody may: past the triggers that protect the book. */
function spoil(...statements: string[]): void {
  const db = new DatabaseSync(file);
  for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) db.exec(`DROP TRIGGER ${String(name)}`);
  for (const statement of statements) db.exec(statement);
  db.close();
}

async function found(...statements: string[]): Promise<string[]> {
  spoil(...statements);
  return (await judge()).findings.map(({ kind, id }) => `${kind} ${id}`);
}

test('M6: of a sound book there is nothing to tell: all that was answered is billed, what was cut is told apart', async () => {
  const report = await judge();
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ answeredWhole: CALLS + 1, recorded: CALLS + 4, billed: CALLS + 2, cut: 1, left: 1, replayed: 1, receipts: CALLS + 2 });
  expect(render(report)).toMatch(/^answered whole +41\n(.*\n)*unbilled +0 /);
});

test('the same book is read from PostgreSQL', async () => {
  await using database = await openPostgres();
  await fill(database.db);
  expect(await readBook(database.target)).toEqual(await readBook(file));
});

describe('the usage', () => {
  test('M39: a usage row that is deleted is named', async () => {
    expect(await found(`DELETE FROM usage WHERE request_id = '${idOf(7)}'`)).toEqual([`unbilled ${idOf(7)}`, `unrecorded ${idOf(7)}`]);
  });

  test('a usage row that is there twice is named', async () => {
    const twice = `INSERT INTO copy SELECT * FROM usage WHERE request_id = '${idOf(8)}'`;
    expect(await found('CREATE TABLE copy AS SELECT * FROM usage', twice, 'DROP TABLE usage', 'ALTER TABLE copy RENAME TO usage')).toEqual([`double_billed ${idOf(8)}`]);
  });

  test('a usage row that is there again under another id is named: no engine has done it', async () => {
    const again = ['CREATE TABLE copy AS SELECT * FROM usage', `UPDATE copy SET request_id = 'req_again' WHERE request_id = '${idOf(8)}'`];
    expect(await found(...again, "INSERT INTO usage SELECT * FROM copy WHERE request_id = 'req_again'")).toEqual(['untrue req_again', 'unposted req_again', 'surplus req_again']);
  });

  test('counts that are not the engine’s are named', async () => {
    const more = `UPDATE usage SET completion_tokens = completion_tokens + 1 WHERE request_id = '${idOf(9)}'`;
    expect(await found(more)).toEqual([`miscounted ${idOf(9)}`, `miscounted ${idOf(9)}`, `wrongly_priced ${idOf(9)}`, `wrongly_priced ${idOf(9)}`]);
    expect(await found(`UPDATE usage SET completion_tokens = 500 WHERE request_id = '${idOf(100)}'`)).toContain(`miscounted ${idOf(100)}`);
  });

  test('a price that is gone, another lease and another payer are named', async () => {
    expect(await found(`UPDATE usage SET price_version = 'price_2' WHERE request_id = '${idOf(10)}'`)).toEqual([`wrongly_priced ${idOf(10)}`]);
    expect(await found(`UPDATE usage SET lease = 'lease_2' WHERE request_id = '${idOf(11)}'`)).toContain(`wrongly_priced ${idOf(11)}`);
    expect(await found(`UPDATE usage SET org_id = 'initech' WHERE request_id = '${idOf(12)}'`)).toContain(`wrongly_priced ${idOf(12)}`);
  });
});

describe('the book', () => {
  const seqOf = (id: string) => `(SELECT seq FROM ledger_transactions WHERE id = '${id}')`;

  test('one entry that is altered is named, with what hangs on it', async () => {
    const altered = await found(`UPDATE ledger_entries SET amount_micros = amount_micros + 1 WHERE account = 'revenue' AND seq = ${seqOf(idOf(5))}`);
    expect(altered).toEqual([`wrongly_priced ${idOf(5)}`, `unbalanced ${idOf(5)}`, `broken_link ${idOf(5)}`, 'wrong_balance revenue']);
  });

  test('two entries that are altered so that they still add up are named', async () => {
    const shifted = ["revenue', amount_micros - 1", "tax', amount_micros + 1"].map((change) => {
      const [account = '', amount = ''] = change.split("', ");
      return `UPDATE ledger_entries SET amount_micros = ${amount} WHERE account = '${account}' AND seq = ${seqOf(idOf(5))}`;
    });
    const named = await found(...shifted);
    expect(named).toContain(`broken_link ${idOf(5)}`);
    expect(named).toContain(`wrongly_priced ${idOf(5)}`);
    expect(named).not.toContain(`unbalanced ${idOf(5)}`);
  });

  test('a charge that is posted twice, well chained, is named', async () => {
    const db = await openDatabase(file);
    const ledger = new Ledger(db, new FakeClock());
    await transact(db, (tx) => ledger.settle(tx, [{ id: `again_${idOf(3)}`, orgId: 'acme', lease: LEASE, split: splitOf(100n, SHARE.publisher, SHARE.publisherBasisPoints) }]));
    await db.destroy();
    const named = (await judge()).findings.map(({ kind, id }) => `${kind} ${id}`);
    expect(named).toContain(`double_billed ${idOf(3)}`);
    expect(named.filter((one) => one.startsWith('broken_link'))).toEqual([]);
  });

  test('a transaction that is deleted, a false head and a false balance are named', async () => {
    const gone = await found(`DELETE FROM ledger_entries WHERE seq = ${seqOf(idOf(6))}`, `DELETE FROM ledger_transactions WHERE id = '${idOf(6)}'`);
    expect(gone).toEqual(expect.arrayContaining([`unbilled ${idOf(6)}`, `unposted ${idOf(6)}`, `broken_link ${idOf(7)}`]));
    expect(await found('UPDATE ledger_head SET seq = seq - 1')).toContain('broken_link head');
    expect(await found("UPDATE ledger_balances SET balance_micros = balance_micros + 1 WHERE account = 'tax'")).toContain('wrong_balance tax');
  });

  test('an account below zero is named, and a refund of more than was charged', async () => {
    expect(await found(`UPDATE ledger_entries SET amount_micros = -2000000 WHERE account = 'wallet/acme/topup' AND seq = ${seqOf(`lease_${LEASE}`)}`)).toContain(
      'negative_balance wallet/acme/topup',
    );
    expect(await found(`UPDATE ledger_entries SET amount_micros = -5000 WHERE account = 'revenue' AND seq = ${seqOf('refund_1')}`)).toContain(`wrong_refund ${idOf(0)}`);
  });

  test('a lease that is open, and money that a closed one holds, are named', async () => {
    expect(await found("UPDATE credit_leases SET state = 'open'")).toEqual([`open_lease ${LEASE}`]);
    expect(await found(`UPDATE ledger_entries SET amount_micros = 3000 WHERE account = 'leased/${LEASE}/topup' AND seq = ${seqOf(`lease_${LEASE}`)}`)).toContain(
      `open_lease ${LEASE}`,
    );
  });
});

describe('what others saw', () => {
  const named = async (more: Partial<Evidence>) => (await judge(more)).findings.map(({ kind, id }) => `${kind} ${id}`);

  test('an answer that was told otherwise, a repeat that differs and a receipt that lies are named', async () => {
    const [first, second, ...others] = evidence.clients;
    if (!first || !second) throw new Error('no clients');
    expect(await named({ clients: [{ ...first, completionTokens: 100_000 }, second, ...others] })).toEqual([`miscounted ${idOf(0)}`]);
    expect(await named({ clients: [{ ...first, bodyHash: 'other' }, second, ...others] })).toEqual([`replay ${idOf(0)}`]);
    const [receipt, ...rest] = evidence.receipts;
    if (!receipt) throw new Error('no receipts');
    expect(await named({ receipts: [{ ...receipt, total: receipt.total + 1n }, ...rest] })).toEqual([`wrong_receipt ${idOf(0)}`]);
    expect(await named({ receipts: [{ ...receipt, seq: 1 }, ...rest] })).toEqual([`wrong_receipt ${idOf(0)}`]);
  });

  test('what is billed without an attempt that was cut is named, and what a refused client pays', async () => {
    expect(await named({ clients: evidence.clients.filter(({ call }) => call !== 'call-101') })).toEqual([`surplus ${idOf(101)}`]);
    expect(await named({ clients: evidence.clients.map((one) => (one.outcome === 'left' ? { ...one, outcome: 'refused' as const } : one)) })).toEqual([`surplus ${idOf(100)}`]);
  });

  test('two billed calls of one idempotency key are named', async () => {
    const truth = evidence.truth.map((run) => (run.id === idOf(1) ? { ...run, tag: 'call-0' } : run));
    expect(await named({ truth })).toEqual(['double_billed call-0']);
  });

  test('a record that a usage log still holds and that is not in the database is named', async () => {
    const [row] = (await readBook(file)).usage;
    if (!row) throw new Error('no rows');
    expect(await named({ segments: [row, { ...row, id: 'req_left' }] })).toEqual(['unrecorded req_left']);
    expect(await named({ segments: [{ ...row, completionTokens: 0 }] })).toEqual([`miscounted ${row.id}`]);
  });

  test('an engine’s run that never was is named', async () => {
    expect(await named({ truth: evidence.truth.filter(({ id }) => id !== idOf(2)) })).toEqual([`untrue ${idOf(2)}`]);
  });
});
