import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/db/open.ts';
import { openPostgres } from '../../databases.ts';
import { render } from './auditor.ts';
import { readBook } from './read-book.ts';
import { CALLS, chargeAgain, fill, idOf, LEASE, TENSOR_CALL } from './sound-book.ts';
import { Spoiling } from './spoiling.ts';

/** The auditor is tried on a book that the product's own ledger has written: it must find nothing there, and each thing that is then spoilt. */

let book: Spoiling;
beforeAll(async () => {
  book = await Spoiling.start();
});
afterAll(() => book.remove());
beforeEach(() => book.reset());

/** What follows for limits, terms and receipts is in `auditor-terms.test.ts`. */
const FOLLOWS = /^(wrong_count|over_limit|stale_terms|wrong_receipt) /;
const found = async (...statements: string[]) => (await book.found(...statements)).filter((one) => !FOLLOWS.test(one));
const named: Spoiling['named'] = (more) => book.named(more);

test('M6: of a sound book there is nothing to tell: all that was answered is billed, what was cut is told apart', async () => {
  const report = await book.judge();
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ answeredWhole: CALLS + 5, recorded: CALLS + 8, billed: CALLS + 3, cut: 1, left: 1, replayed: 1, receipts: CALLS + 4 });
  expect(render(report)).toMatch(/^answered whole +45\n(.*\n)*unbilled +0 /);
});

test('the same book is read from PostgreSQL', async () => {
  await using database = await openPostgres();
  await fill(database.db);
  expect(await readBook(database.target)).toEqual(await readBook(book.file));
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
    expect(await found(`UPDATE usage SET price_version = 'price_9' WHERE request_id = '${idOf(10)}'`)).toEqual([`wrongly_priced ${idOf(10)}`]);
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
    const all = await found(...shifted);
    expect(all).toContain(`broken_link ${idOf(5)}`);
    expect(all).toContain(`wrongly_priced ${idOf(5)}`);
    expect(all).not.toContain(`unbalanced ${idOf(5)}`);
  });

  test('a charge that is posted twice, well chained, is named', async () => {
    const db = await openDatabase(book.file);
    await chargeAgain(db, 3);
    await db.destroy();
    const all = await named();
    expect(all).toContain(`double_billed ${idOf(3)}`);
    expect(all.filter((one) => one.startsWith('broken_link'))).toEqual([]);
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
  test('an answer that was told otherwise and a repeat that differs are named', async () => {
    const [first, second, ...others] = book.evidence.clients;
    if (!first || !second) throw new Error('no clients');
    expect(await named({ clients: [{ ...first, completionTokens: 100_000 }, second, ...others] })).toEqual([`miscounted ${idOf(0)}`]);
    expect(await named({ clients: [{ ...first, bodyHash: 'other' }, second, ...others] })).toEqual([`replay ${idOf(0)}`]);
  });

  test('what is billed without an attempt that was cut is named, and what a refused client pays', async () => {
    expect(await named({ clients: book.evidence.clients.filter(({ call }) => call !== 'call-101') })).toEqual([`surplus ${idOf(101)}`]);
    expect(await named({ clients: book.evidence.clients.map((one) => (one.outcome === 'left' ? { ...one, outcome: 'refused' as const } : one)) })).toEqual([
      `surplus ${idOf(100)}`,
    ]);
  });

  test('two billed calls of one idempotency key are named', async () => {
    const truth = book.evidence.truth.map((run) => (run.id === idOf(1) ? { ...run, tag: 'call-0' } : run));
    expect(await named({ truth })).toEqual(['double_billed call-0']);
    // Of a tensor no engine tells: its client does.
    const clients = book.evidence.clients.map((one) => (one.id === idOf(TENSOR_CALL) ? { ...one, call: 'call-0', idempotencyKey: 'k' } : one));
    expect(await named({ clients })).toEqual(['double_billed call-0']);
  });

  test('a record that a usage log still holds and that is not in the database is named', async () => {
    const [row] = (await readBook(book.file)).usage;
    if (!row) throw new Error('no rows');
    expect(await named({ segments: [row, { ...row, id: 'req_left' }] })).toEqual(['unrecorded req_left']);
    expect(await named({ segments: [{ ...row, completionTokens: 0 }] })).toEqual([`miscounted ${row.id}`]);
  });

  test('an engine’s run that never was is named', async () => {
    expect(await named({ truth: book.evidence.truth.filter(({ id }) => id !== idOf(2)) })).toEqual([`untrue ${idOf(2)}`]);
  });
});
