import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqlite, type TestDatabase } from '../../../tests/databases.ts';
import { newId } from '../../base/ids.ts';
import { canonicalJson, type SignedReceipt, signReceipt, verifyReceipt } from '../../contract/receipt.ts';
import { receiptKeyOf } from './receipt-key.ts';
import { batchOf, recordOf, Rig } from './testing.ts';

const ACME = { orgId: 'acme', orgName: 'Acme', scopes: [] };
const OPERATOR = { orgId: 'platform', orgName: 'platform', scopes: ['operator'] as const };
let database: TestDatabase;
let rig: Rig;
beforeEach(async () => {
  database = await openSqlite();
  rig = new Rig(database);
  await rig.credit(1_000_000n);
});
afterEach(() => database[Symbol.asyncDispose]());

const pem = () => rig.receipts.key.publicKey;
/** What is wrong with a receipt that was changed after it was signed; `signed` anew: with the same key, by somebody who can't count. */
function faultsAfter(document: SignedReceipt, change: (receipt: SignedReceipt['receipt']) => void, { signed = true } = {}): string[] {
  const receipt = structuredClone(document.receipt);
  change(receipt);
  return verifyReceipt(signed ? signReceipt(receipt, receiptKeyOf(Buffer.alloc(32, 7)).privateKey) : { ...document, receipt }, pem());
}

test('a receipt is recomputed from itself and the public key; it is the same each time, and after a restart', async () => {
  const priceVersion = await rig.price({ input_tokens: 1_500_000n, cached_tokens: 150_000n, output_tokens: 6_000_001n, requests: 40n });
  await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, cachedTokens: 33 })));
  const document = await rig.receipts.get(ACME, 'req_1');
  expect(verifyReceipt(document, pem())).toEqual([]);
  expect(document.receipt).toMatchObject({
    organisation: 'Acme',
    usage: { input_tokens: 67, cached_tokens: 33, output_tokens: 50, requests: 1 },
    price: { version: priceVersion, currency: 'EUR', rates: { input_tokens: '1.50' }, per: { input_tokens: 1_000_000, requests: 1_000 } },
    total: '0.000406',
    refunded: '0.00',
  });
  const [settled] = await database.db.selectFrom('ledger_transactions').select(['seq', 'hash']).where('id', '=', 'req_1').execute();
  expect(document.receipt.chain).toEqual(settled);
  expect(await rig.another().receipts.get(OPERATOR, 'req_1')).toEqual(document);
  // As it comes out of a file.
  expect(verifyReceipt(JSON.parse(JSON.stringify(document)), pem())).toEqual([]);
});

test('whatever is changed of a receipt is found, and said', async () => {
  const priceVersion = await rig.price({ input_tokens: 1_000_000n, output_tokens: 2_000_000n });
  await rig.billing.post(batchOf(recordOf('req_1', { priceVersion })));
  const document = await rig.receipts.get(ACME, 'req_1');
  const signature = expect.stringContaining('the signature does not fit');
  expect(faultsAfter(document, (receipt) => (receipt.deployment = 'other/model'), { signed: false })).toEqual([signature]);
  expect(faultsAfter(document, (receipt) => (receipt.total = '0.000199'), { signed: false })).toEqual([
    signature,
    expect.stringMatching(/the total is 0\.000199.* comes to 200 millionths/),
  ]);
  expect(faultsAfter(document, ({ lines }) => (lines[1]!.quantity = 51))).toEqual(['its line of output_tokens counts 51; used were 50']);
  expect(faultsAfter(document, ({ lines }) => lines.pop())).toEqual(['it has no line of output_tokens, of which 50 were used']);
  expect(faultsAfter(document, ({ lines }) => lines.push(lines[0]!))).toEqual(['it has more than one line of input_tokens']);
  expect(faultsAfter(document, ({ lines }) => lines.push({ ...lines[0]!, unit: 'rows' }))).toEqual(['it has a line of rows, which has no rate or was not used']);
  expect(faultsAfter(document, ({ lines }) => (lines[0]!.rate = '1.01'))).toEqual(['its line of input_tokens has the rate 1.01; the price has 1000000 millionths']);
  expect(faultsAfter(document, ({ price }) => (price!.per.input_tokens = 1_000))).toEqual(['a rate for input_tokens is for 1000000, not for 1000']);
  expect(faultsAfter(document, ({ price }) => (price!.rates.cached_tokens = '1.50'))).toEqual([expect.stringContaining('its rates are no rates')]);
  expect(faultsAfter(document, (receipt) => (receipt.refunded = '1.00'))).toEqual(['1.00 was refunded of a total of 0.0002']);
  expect(faultsAfter(document, (receipt) => (receipt.price = null))).toEqual(['it has no price, and yet lines or a total']);

  const another = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  expect(verifyReceipt(document, another)).toEqual([expect.stringContaining('the key given is'), signature]);
  expect(() => verifyReceipt({ ...document, more: 1 }, pem())).toThrow('more');
  expect(() => verifyReceipt(document, 'no key')).toThrow('not a public Ed25519 key');
  expect(() => verifyReceipt(document, generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString())).toThrow('not a public Ed25519 key');
});

test('M28: a call is billed by the version that it was admitted with, whatever has come since, and its receipt names it', async () => {
  const before = await rig.price({ requests: 1_000_000n });
  const after = await rig.price({ requests: 5_000_000n });
  await rig.billing.post(batchOf(recordOf('req_1', { priceVersion: after }), recordOf('req_2', { priceVersion: before })));
  const receipts = await Promise.all(['req_1', 'req_2'].map((id) => rig.receipts.get(ACME, id)));
  expect(receipts.map(({ receipt }) => [receipt.price?.version, receipt.total])).toEqual([
    [after, '0.005'],
    [before, '0.001'],
  ]);
});

test('an unpriced call has a receipt too; who did not make the call is told that there is none; a call that is under way is pending', async () => {
  await rig.billing.post(batchOf(recordOf('req_1')));
  const document = await rig.receipts.get(ACME, 'req_1');
  expect(document.receipt).toMatchObject({ price: null, lines: [], total: '0.00', chain: null });
  expect(verifyReceipt(document, pem())).toEqual([]);
  await expect(rig.receipts.get({ ...ACME, orgId: 'globex' }, 'req_1')).rejects.toMatchObject({ kind: 'not_found', code: 'receipt_not_found' });
  const now = rig.clock.now();
  await expect(rig.receipts.get(ACME, newId('req', now - 5_000))).rejects.toMatchObject({ kind: 'not_found', code: 'receipt_pending', retryAfterSeconds: 1 });
  await expect(rig.receipts.get(ACME, newId('req', now - 7_200_000))).rejects.toMatchObject({ code: 'receipt_not_found' });
  await expect(rig.receipts.get(ACME, 'req_!')).rejects.toMatchObject({ code: 'receipt_not_found' });
});

test('the key is made of the home’s own secret, and of nothing else', () => {
  const [one, same, other] = [receiptKeyOf(Buffer.alloc(32, 1)), receiptKeyOf(Buffer.alloc(32, 1)), receiptKeyOf(Buffer.alloc(32, 2))];
  expect([one.id, one.publicKey]).toEqual([same.id, same.publicKey]);
  expect(other.id).not.toBe(one.id);
  expect(createPublicKey(one.publicKey).asymmetricKeyType).toBe('ed25519');
  // Keys sorted, at every depth, and no spaces: RFC 8785.
  expect(canonicalJson({ b: [{ d: null, c: 'ü"' }], a: 1, u: undefined })).toBe('{"a":1,"b":[{"c":"ü\\"","d":null}]}');
});
