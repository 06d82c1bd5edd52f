import { Fault } from '../../contract/errors.ts';
import { type Db, transact } from '../../db/open.ts';
import { findTransactions, type Ledger, lockBook, payable, type Posted } from '../ledger/index.ts';
import type { Usage } from '../usage/index.ts';
import { chargeNotFound, payableTooSmall, publisherHasSpent, refundConflict, refundTooLarge } from './errors.ts';
import { refundSplitOf } from './model.ts';
import type { Prices } from './ports.ts';
import type { Viewer } from './receipts.ts';
import { leftOf, refundedSplit, splitIn, totalOf } from './splits.ts';
import { listRefunds } from './store.ts';

export interface RefundsOptions {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly usage: Usage;
  readonly prices: Prices;
}

export interface RefundOrder {
  /** The refund's own name: the same one is made once. */
  readonly id: string;
  /** The call's id. */
  readonly charge: string;
  /** An amount, or a share of the whole charge in hundredths of a percent. */
  readonly amount: { readonly micros: bigint } | { readonly basisPoints: number };
  /** The platform bears the publisher's share too. */
  readonly fromPlatform: boolean;
  readonly reason: string;
}

/** What was given back, by whom. */
export interface Refund {
  readonly id: string;
  readonly charge: string;
  readonly amountMicros: bigint;
  readonly publisherMicros: bigint;
  readonly platformMicros: bigint;
  readonly taxMicros: bigint;
  /** Of the charge, this one and those before. */
  readonly refundedMicros: bigint;
}

const BASIS_POINTS = 10_000n;
const refundId = (id: string) => `refund_${id}`;

/** Money that goes back: to consumers, by reversing a part of a charge; and to publishers, who are paid what they have earned. */
export class Refunds {
  readonly #options: RefundsOptions;

  constructor(options: RefundsOptions) {
    this.#options = options;
  }

  /**
   * Reverses a part of a charge, each share of it from who had it (M31). The same id again changes nothing.
   *
   * @throws Fault when the charge is not the viewer's to refund, when more would be refunded than was charged, and when the publisher no longer holds its share
   */
  async refund(viewer: Viewer, order: RefundOrder): Promise<Refund> {
    await this.#mayRefund(viewer, order.charge);
    const id = refundId(order.id);
    return transact(this.#options.db, async (tx) => {
      await lockBook(tx);
      const refundIds = await listRefunds(tx, order.charge);
      const found = await findTransactions(tx, [order.charge, id, ...refundIds]);
      const charge = found.get(order.charge);
      if (!charge || charge.kind !== 'settle') throw chargeNotFound(order.charge);
      const charged = splitIn(charge);
      const refunded = refundedSplit(
        charged,
        refundIds.flatMap((other) => found.get(other) ?? []),
      );
      const amountMicros = 'micros' in order.amount ? order.amount.micros : (totalOf(charged) * BigInt(order.amount.basisPoints)) / BASIS_POINTS;
      const before = found.get(id);
      if (before) return repeated(order, before, { amountMicros, refundedMicros: totalOf(refunded) });
      const left = leftOf(charged, refunded);
      if (amountMicros <= 0n || amountMicros > totalOf(left)) throw refundTooLarge(order.charge, amountMicros, totalOf(left));
      const split = refundSplitOf(left, amountMicros, order.fromPlatform);
      await this.#options.ledger.refundIn(tx, { id, of: order.charge, split, note: order.reason }).catch((error: unknown) => {
        throw isOverdrawn(error) ? publisherHasSpent(split.publisherMicros) : error;
      });
      const { publisherMicros, platformMicros, taxMicros } = split;
      return { id: order.id, charge: order.charge, amountMicros, publisherMicros, platformMicros, taxMicros, refundedMicros: totalOf(refunded) + amountMicros };
    });
  }

  /** Pays a publisher what it has earned, or a part of it; the same id again changes nothing. Returns what it has still earned. @throws Fault when it has not earned as much */
  async payOut({ id, orgId, orgName, amountMicros }: { readonly id: string; readonly orgId: string; readonly orgName: string; readonly amountMicros: bigint }): Promise<bigint> {
    const { ledger } = this.#options;
    const earned = async () => (await ledger.balances(payable(orgId))).get(payable(orgId)) ?? 0n;
    await ledger.payOut({ id: `payout_${id}`, orgId, amountMicros }).catch(async (error: unknown) => {
      throw isOverdrawn(error) ? payableTooSmall(orgName, await earned()) : error;
    });
    return earned();
  }

  /** An operator may refund every charge, a publisher those of its own deployments. */
  async #mayRefund({ orgId, scopes }: Viewer, charge: string): Promise<void> {
    if (scopes.includes('operator')) return;
    const [record] = await this.#options.usage.find([charge]);
    const price = record && (await this.#options.prices.priceOf(record.priceVersion, { deployment: record.deployment, orgId: '' }));
    if (price?.publisher !== orgId) throw chargeNotFound(charge);
  }
}

/** The ledger's word for an account that does not hold as much. */
function isOverdrawn(error: unknown): boolean {
  return error instanceof Fault && error.kind === 'payment_required';
}

function repeated({ id, charge }: RefundOrder, before: Posted, { amountMicros, refundedMicros }: { readonly amountMicros: bigint; readonly refundedMicros: bigint }): Refund {
  const { publisherMicros, platformMicros, taxMicros } = refundedSplit(splitIn(before), [before]);
  if (before.reference !== charge || publisherMicros + platformMicros + taxMicros !== amountMicros) throw refundConflict(id);
  return { id, charge, amountMicros, publisherMicros, platformMicros, taxMicros, refundedMicros };
}
