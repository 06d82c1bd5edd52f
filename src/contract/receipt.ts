import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { checker } from './check.ts';
import { invalid } from './errors.ts';
import { type ChargeLine, chargeLines, chargeOf, PRICE_UNITS, type PriceUnit, type Quantities, type Rates, readRates } from './price.ts';

const closed = { additionalProperties: false } as const;
const Text = Type.String({ maxLength: 300 });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Amount = Type.String({ pattern: '^\\d{1,18}\\.\\d{2,6}$', description: "a decimal number of the price's currency" });
const Unit = Type.Enum(Object.keys(PRICE_UNITS) as PriceUnit[]);
const PerUnit = <Value extends typeof Amount | typeof Count>(value: Value) =>
  Type.Object(
    {
      input_tokens: Type.Optional(value),
      cached_tokens: Type.Optional(value),
      output_tokens: Type.Optional(value),
      requests: Type.Optional(value),
      rows: Type.Optional(value),
      bytes: Type.Optional(value),
      compute_ms: Type.Optional(value),
    },
    closed,
  );

/** What a call used and what it cost, in a form that can be recomputed with nothing but this file and the installation's public key. */
const Receipt = Type.Object(
  {
    id: Type.String({ maxLength: 64, description: "the request's" }),
    organisation: Text,
    key: Text,
    deployment: Text,
    model: Text,
    version: Count,
    operation: Text,
    startedAt: Count,
    status: Type.Enum(['ok', 'cancelled', 'failed']),
    estimated: Type.Boolean({ description: 'the engine gave no counts; the gateway counted itself' }),
    usage: PerUnit(Count),
    price: Type.Union([Type.Object({ version: Text, currency: Text, rates: PerUnit(Amount), per: PerUnit(Count) }, closed), Type.Null()], {
      description: 'null: an unpriced call',
    }),
    lines: Type.Array(Type.Object({ unit: Unit, quantity: Count, rate: Amount, per: Count }, closed), { maxItems: 16 }),
    total: Amount,
    refunded: Amount,
    chain: Type.Union([Type.Object({ seq: Count, hash: Text }, closed), Type.Null()], { description: 'its transaction in the book; null: nothing was charged' }),
  },
  closed,
);
export const SignedReceipt = Type.Object(
  { receipt: Receipt, signature: Type.String({ maxLength: 200, description: 'Ed25519 over the canonical JSON of "receipt", base64' }), key: Type.String({ maxLength: 64 }) },
  closed,
);

export type Receipt = Static<typeof Receipt>;
export type SignedReceipt = Static<typeof SignedReceipt>;

/** JSON in the one way in which it is signed: keys sorted, no spaces (RFC 8785, for the values that a receipt has). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(',')}}`;
}

/** Names a public key: the first half of its digest, hex. */
export function receiptKeyId(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 32);
}

export function signReceipt(receipt: Receipt, key: KeyObject): SignedReceipt {
  return { receipt, signature: sign(null, Buffer.from(canonicalJson(receipt)), key).toString('base64'), key: receiptKeyId(key) };
}

const check = checker(SignedReceipt);

/**
 * Recomputes a receipt and checks its signature. Returns what is wrong with it, a sentence each; empty: nothing.
 *
 * @param publicKey PEM
 * @throws Fault for what is no receipt at all, and for a key that can't be read
 */
export function verifyReceipt(document: unknown, publicKey: string): string[] {
  const { receipt, signature, key: named } = check(document);
  const key = readKey(publicKey);
  const faults: string[] = [];
  const id = receiptKeyId(key);
  if (named !== id) faults.push(`it says that the key ${named} has signed it; the key given is ${id}`);
  if (!verify(null, Buffer.from(canonicalJson(receipt)), key, Buffer.from(signature, 'base64')))
    faults.push('the signature does not fit: the receipt was changed after it was signed, or another key has signed it');
  return [...faults, ...arithmeticFaults(receipt)];
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  }
  throw invalid("The key is not a public Ed25519 key in PEM form; the server's is at /api/v1/receipts/key.", 'key', 'bad_receipt_key');
}

function arithmeticFaults({ usage, price, lines, total, refunded }: Receipt): string[] {
  const faults: string[] = [];
  if (microsOf(refunded) > microsOf(total)) faults.push(`${refunded} was refunded of a total of ${total}`);
  if (!price) return microsOf(total) === 0n && lines.length === 0 ? faults : [...faults, 'it has no price, and yet lines or a total'];
  const rates = readRates(Object.fromEntries(Object.entries(price.rates).map(([unit, amount]) => [unit, microsOf(amount).toString()])));
  if (!rates) return [...faults, 'its rates are no rates: cached tokens cost more than others, or a rate is out of bounds'];
  for (const [unit, per] of Object.entries(price.per))
    if (per !== PRICE_UNITS[unit as PriceUnit]) faults.push(`a rate for ${unit} is for ${PRICE_UNITS[unit as PriceUnit]}, not for ${per}`);
  return [...faults, ...lineFaults(lines, rates, quantitiesIn(usage)), ...totalFaults(total, rates, quantitiesIn(usage))];
}

function quantitiesIn(usage: Receipt['usage']): Quantities {
  const of = (unit: PriceUnit) => usage[unit] ?? 0;
  return {
    input_tokens: of('input_tokens'),
    cached_tokens: of('cached_tokens'),
    output_tokens: of('output_tokens'),
    requests: of('requests'),
    rows: of('rows'),
    bytes: of('bytes'),
    compute_ms: of('compute_ms'),
  };
}

function totalFaults(total: string, rates: Rates, quantities: Quantities): string[] {
  const charge = chargeOf(rates, quantities);
  return microsOf(total) === charge ? [] : [`the total is ${total}; the usage at these rates comes to ${charge} millionths`];
}

function lineFaults(lines: Receipt['lines'], rates: Rates, quantities: Quantities): string[] {
  const expected = chargeLines(rates, quantities);
  const units = new Set([...expected.map(({ unit }) => unit), ...lines.map(({ unit }) => unit)]);
  return [...units].flatMap((unit) => {
    const [line, another] = lines.filter((candidate) => candidate.unit === unit);
    const due = expected.find((candidate) => candidate.unit === unit);
    if (another) return [`it has more than one line of ${unit}`];
    if (!line) return [`it has no line of ${unit}, of which ${due?.quantity} were used`];
    return due ? differences(line, due) : [`it has a line of ${unit}, which has no rate or was not used`];
  });
}

function differences(line: Receipt['lines'][number], { unit, quantity, per, rateMicros }: ChargeLine): string[] {
  const faults: string[] = [];
  if (line.quantity !== quantity) faults.push(`its line of ${unit} counts ${line.quantity}; used were ${quantity}`);
  if (line.per !== per) faults.push(`its line of ${unit} is for ${line.per} each; the rate is for ${per}`);
  if (microsOf(line.rate) !== rateMicros) faults.push(`its line of ${unit} has the rate ${line.rate}; the price has ${rateMicros} millionths`);
  return faults;
}

/** The schema has seen to it that there are two to six digits behind the point. */
function microsOf(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
