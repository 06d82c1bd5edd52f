import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Receipt } from './evidence.ts';
import { FREE_CALLS, idOf, KEY_ENDED_AT, LEASE, LEASED, REPRICED_AT, TENSOR_CALL } from './sound-book.ts';
import { Spoiling } from './spoiling.ts';

/** What the auditor finds where limits, terms and receipts are spoilt. */

let book: Spoiling;
beforeAll(async () => {
  book = await Spoiling.start();
});
afterAll(() => book.remove());
beforeEach(() => book.reset());

const found = (...statements: string[]) => book.found(...statements);

describe('limits', () => {
  const change = (id: string, by: string) => `UPDATE budget_periods SET used_amount = used_amount ${by} WHERE budget_id = '${id}'`;

  test.each(['bgt_key', 'bgt_org', 'bgt_quota'])('M25: %s that counts one too few is named; one too many is also beyond its limit', async (id) => {
    expect(await found(change(id, '- 1'))).toEqual([`wrong_count ${id}`]);
    expect(await found(change(id, '+ 2'))).toEqual([`wrong_count ${id}`, `over_limit ${id}`]);
  });

  test('M25: a period that counts nobody’s calls is named, and one that is gone', async () => {
    expect(await found("INSERT INTO budget_periods VALUES ('bgt_quota', 86400000, 1, 0, 0)")).toEqual(['wrong_count bgt_quota']);
    expect(await found("DELETE FROM budget_periods WHERE budget_id = 'bgt_key'")).toEqual(['wrong_count bgt_quota', 'wrong_count bgt_key'].toSorted());
  });

  test('M26: a limit below what was used is named; not where it only alerts', async () => {
    const lower = (id: string) => `UPDATE budgets SET limit_amount = limit_amount - 1 WHERE id = '${id}'`;
    expect(await found(lower('bgt_org'))).toEqual(['over_limit bgt_org']);
    expect(await found(lower('bgt_quota'))).toEqual(['over_limit bgt_org', 'over_limit bgt_quota']);
    expect(await found("UPDATE budgets SET is_hard = 0 WHERE id = 'bgt_org'")).toEqual(['over_limit bgt_quota']);
  });

  test('M26: what calls cost beyond their lease excuses a budget, and no more than that', async () => {
    const given = `UPDATE ledger_entries SET amount_micros = 1000 WHERE account = 'leased/${LEASE}/topup' AND amount_micros = ${LEASED}`;
    const spent = `(SELECT used_amount FROM budget_periods WHERE budget_id = 'bgt_org')`;
    const limit = (amount: string) => `UPDATE budgets SET limit_amount = ${amount} WHERE id = 'bgt_org'`;
    const over = async (...statements: string[]) => (await found(...statements)).filter((one) => one.startsWith('over_limit'));
    expect(await over(given, limit('1000'))).toEqual([]);
    expect(await over(limit('999'))).toEqual(['over_limit bgt_org']);
    expect(await over(limit(spent))).toEqual([]);
  });

  test('a budget of a key counts what the key’s successor calls: as one key’s alone it is named', async () => {
    expect(await found("UPDATE keys SET replaced_by = NULL WHERE id = 'key_1'")).toEqual(['wrong_count bgt_key']);
  });
});

describe('terms', () => {
  const price = (n: number, version: string) => `UPDATE usage SET price_version = '${version}' WHERE request_id = '${idOf(n)}'`;
  const terms = async (...statements: string[]) => (await found(...statements)).filter((one) => one.startsWith('stale_terms'));

  test('M28: a call by a price that had not come yet, by one that had gone, and by another plan’s is named', async () => {
    expect(await terms(price(1, 'price_2'))).toEqual([`stale_terms ${idOf(1)}`]);
    book.reset();
    expect(await terms(price(35, 'price_1'))).toEqual([`stale_terms ${idOf(35)}`]);
    book.reset();
    expect(await terms(price(2, 'price_3'))).toEqual([`stale_terms ${idOf(2)}`]);
  });

  test('M28: a call that was admitted just before the change may have the former price; after what gateways need to hear of it, not', async () => {
    const at = (ms: number) => `UPDATE usage SET started_at = ${ms}, price_version = 'price_1', key_id = 'key_1' WHERE request_id = '${idOf(35)}'`;
    expect(await terms(at(REPRICED_AT - 1))).toEqual([]);
    expect(await terms(at(REPRICED_AT + 4_000))).toEqual([]);
    expect(await terms(at(REPRICED_AT + 6_000))).toEqual([`stale_terms ${idOf(35)}`]);
  });

  test('a contract that stands at another price than it came to is named, one that is not the caller’s, and one that is none', async () => {
    expect(await found("UPDATE subscriptions SET price_version = 'price_1' WHERE id = 'sub_1'")).toEqual(['stale_terms sub_1']);
    book.reset();
    expect(await terms(`UPDATE usage SET subscription = 'sub_2' WHERE request_id = '${idOf(3)}'`)).toContain(`stale_terms ${idOf(3)}`);
    book.reset();
    expect(await terms(`UPDATE usage SET subscription = 'sub_9' WHERE request_id = '${idOf(4)}'`)).toContain(`stale_terms ${idOf(4)}`);
  });

  test('a call that is recorded for another model or without its contract is named', async () => {
    expect(await terms(`UPDATE usage SET deployment = 'globex/other' WHERE request_id = '${idOf(103)}'`)).toEqual([`stale_terms ${idOf(103)}`]);
    book.reset();
    const [free = 0] = FREE_CALLS;
    expect(await found(`UPDATE usage SET subscription = '', price_version = '', lease = '' WHERE request_id = '${idOf(free)}'`)).toEqual(
      expect.arrayContaining([`stale_terms ${idOf(free)}`, 'wrong_count bgt_quota']),
    );
  });

  test('X4: a call by a key that had ended is named, and by a key of others or of nobody', async () => {
    const late = `UPDATE usage SET started_at = ${KEY_ENDED_AT + 10_000} WHERE request_id = '${idOf(30)}'`;
    expect(await terms(late)).toEqual([]);
    expect(await terms(`UPDATE usage SET key_id = 'key_1' WHERE request_id = '${idOf(30)}'`)).toEqual([`stale_terms ${idOf(30)}`]);
    expect(await terms(`UPDATE usage SET key_id = 'key_g' WHERE request_id = '${idOf(30)}'`)).toEqual([`stale_terms ${idOf(30)}`]);
    expect(await terms(`UPDATE usage SET key_id = 'key_9' WHERE request_id = '${idOf(30)}'`)).toEqual([`stale_terms ${idOf(30)}`]);
  });

  test('rows of a tensor that are not what its client was answered are named', async () => {
    expect(await found(`UPDATE usage SET tensor_rows = 3 WHERE request_id = '${idOf(TENSOR_CALL)}'`)).toEqual(expect.arrayContaining([`miscounted ${idOf(TENSOR_CALL)}`]));
  });
});

describe('receipts', () => {
  const [at, wrong] = [idOf(7), `wrong_receipt ${idOf(7)}`];
  const receipts = (change: (receipt: Receipt) => Receipt) => ({ receipts: book.evidence.receipts.map((one) => (one.receipt.id === at ? change(one) : one)) });
  const telling = (told: Partial<Receipt['receipt']>) => receipts((one) => ({ ...one, receipt: { ...one.receipt, ...told } }));

  test('one that was changed after it was signed is named, and one that is signed by another key', async () => {
    expect(await book.named(telling({ refunded: '0.000001' }))).toEqual([wrong, wrong]);
    expect(await book.named(receipts((one) => ({ ...one, key: 'other' })))).toEqual([wrong]);
    const { publicKey } = generateKeyPairSync('ed25519');
    const named = await book.named({ receiptKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
    expect(new Set(named.map((one) => one.split(' ')[0]))).toEqual(new Set(['wrong_receipt']));
    expect(named).toHaveLength(2 * book.evidence.receipts.length);
  });

  test('a signed one is reckoned again: its usage, lines, price, total and place', async () => {
    const kinds = async (...statements: string[]) => (await found(...statements)).filter((one) => one === wrong).length;
    expect(await kinds(`UPDATE usage SET prompt_tokens = prompt_tokens + 1 WHERE request_id = '${at}'`)).toBeGreaterThanOrEqual(2);
    book.reset();
    expect(await kinds(`UPDATE price_versions SET rates = REPLACE(rates, '600003', '900003') WHERE id = 'price_1'`)).toBe(3);
    book.reset();
    expect(await kinds(`UPDATE ledger_transactions SET hash = 'x' WHERE id = '${at}'`)).toBe(1);
    expect(
      await kinds(`UPDATE ledger_entries SET amount_micros = amount_micros - 1 WHERE amount_micros < 0 AND seq = (SELECT seq FROM ledger_transactions WHERE id = '${at}')`),
    ).toBe(2);
    expect(await found(`UPDATE ledger_transactions SET reference = '${at}' WHERE id = 'refund_1'`)).toEqual(expect.arrayContaining([wrong, `wrong_receipt ${idOf(0)}`]));
  });
});
