import type { Clock } from '../../base/clock.ts';
import { idTime } from '../../base/ids.ts';
import { formatMicros } from '../../base/money.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { chargeLines, type Price, PRICE_UNITS, type PriceUnit, quantitiesOf } from '../../contract/price.ts';
import { type Receipt, type SignedReceipt, signReceipt } from '../../contract/receipt.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import type { Db } from '../../db/open.ts';
import { findTransactions, type Posted } from '../ledger/index.ts';
import type { Usage } from '../usage/index.ts';
import { receiptNotFound, receiptPending } from './errors.ts';
import { costOf } from './model.ts';
import type { Organisations, Prices } from './ports.ts';
import { type ReceiptKey, receiptKeyOf } from './receipt-key.ts';
import { refundedSplit, splitIn, totalOf } from './splits.ts';
import { listRefunds } from './store.ts';

export type Viewer = Pick<CallerEntry, 'orgId' | 'orgName' | 'scopes'>;

export interface ReceiptsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly usage: Usage;
  readonly prices: Prices;
  readonly organisations: Organisations;
  /** The home's own secret. */
  readonly signingKey: Buffer;
}

/** A call may take an hour to be answered and posted; an id that is older and unknown will not turn up. */
const PENDING_MS = 3_600_000;
const RETRY_AFTER_SECONDS = 1;

/** Signed receipts of calls, which anybody can recompute. */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly key: Omit<ReceiptKey, 'privateKey'>;
  readonly #privateKey: ReceiptKey['privateKey'];

  constructor(options: ReceiptsOptions) {
    this.#options = options;
    const { privateKey, ...key } = receiptKeyOf(options.signingKey);
    this.key = key;
    this.#privateKey = privateKey;
  }

  /** @throws Fault `receipt_pending` for a call that is not posted or billed yet, `receipt_not_found` for none or another organisation's */
  async get(viewer: Viewer, id: string): Promise<SignedReceipt> {
    const { db, usage, prices, clock } = this.#options;
    const [record] = await usage.find([id]);
    if (!record) throw isRecent(id, clock.now()) ? receiptPending(id, RETRY_AFTER_SECONDS) : receiptNotFound(id);
    if (record.orgId !== viewer.orgId && !viewer.scopes.includes('operator')) throw receiptNotFound(id);
    const organisation = record.orgId === viewer.orgId ? viewer.orgName : ((await this.#options.organisations.names()).get(record.orgId) ?? record.orgId);
    if (record.priceVersion === '') return this.#signed(record, organisation, {});
    const price = await prices.priceOf(record.priceVersion, { deployment: record.deployment, orgId: '' });
    const charge = (await findTransactions(db, [id])).get(id);
    // What it will cost is not known yet.
    if (!price || (!charge && costOf(record, price) !== 0n)) throw receiptPending(id, RETRY_AFTER_SECONDS);
    return this.#signed(record, organisation, { price, ...(charge && { charge, refunded: totalOf(await this.#refunded(charge)) }) });
  }

  async #refunded(charge: Posted) {
    const refunds = await findTransactions(this.#options.db, await listRefunds(this.#options.db, charge.id));
    return refundedSplit(splitIn(charge), [...refunds.values()]);
  }

  #signed(
    record: UsageRecord,
    organisation: string,
    { price, charge, refunded = 0n }: { readonly price?: Price; readonly charge?: Posted; readonly refunded?: bigint },
  ): SignedReceipt {
    const { requestId: id, keyId: key, deployment, model, version, operation, startedAt, status, estimated } = record;
    const quantities = quantitiesOf(record);
    const receipt: Receipt = {
      id,
      organisation,
      key,
      deployment,
      model,
      version,
      operation,
      startedAt,
      status,
      estimated,
      usage: { ...quantities },
      price: price ? priceView(price) : null,
      lines: price ? chargeLines(price.rates, quantities).map(({ unit, quantity, rateMicros, per }) => ({ unit, quantity, rate: formatMicros(rateMicros), per })) : [],
      total: formatMicros(charge ? totalOf(splitIn(charge)) : 0n),
      refunded: formatMicros(refunded),
      chain: charge ? { seq: charge.seq, hash: charge.hash } : null,
    };
    return signReceipt(receipt, this.#privateKey);
  }
}

/** Ids begin with their time. */
function isRecent(id: string, now: number): boolean {
  const madeAt = idTime('req', id);
  return madeAt !== undefined && Math.abs(now - madeAt) < PENDING_MS;
}

function priceView({ id: version, currency, rates }: Price): NonNullable<Receipt['price']> {
  const units = Object.keys(rates) as PriceUnit[];
  return {
    version,
    currency,
    rates: Object.fromEntries(units.map((unit) => [unit, formatMicros(rates[unit] ?? 0n)])),
    per: Object.fromEntries(units.map((unit) => [unit, PRICE_UNITS[unit]])),
  };
}
