import { formatMicros } from '../../base/money.ts';
import { Fault } from '../../contract/errors.ts';

export const creditTooSmall = (available: bigint, least: bigint) =>
  new Fault(
    'payment_required',
    'insufficient_quota',
    `The organisation has ${formatMicros(available)} left to spend; this call may cost ${formatMicros(least)}. Add credit, or ask for less.`,
  );
export const budgetExceeded = (budget: string, room: bigint, least: bigint) =>
  new Fault(
    'payment_required',
    'budget_exceeded',
    `The budget ${budget} has room for ${formatMicros(room < 0n ? 0n : room)} in this period; this call may cost ${formatMicros(least)}.`,
  );
export const quotaExceeded = (room: bigint, least: bigint, unit: string) =>
  new Fault('payment_required', 'quota_exceeded', `The plan's quota has ${room < 0n ? 0n : room} ${unit} left in this period; this call may need ${least}.`);
export const gatewaySuperseded = (gateway: string) =>
  new Fault('conflict', 'gateway_superseded', `Another process has started as the gateway "${gateway}"; this one gets no more credit. Give each gateway a name of its own.`);
export const gatewayNotFound = (gateway: string) => new Fault('not_found', 'gateway_not_found', `There is no gateway "${gateway}".`);
export const gatewayAlive = (gateway: string, seconds: number) =>
  new Fault(
    'conflict',
    'gateway_alive',
    `The gateway "${gateway}" was seen ${seconds} s ago. End it and start it again to have its leases closed in order, or force it: what it still spends is then owed.`,
  );
export const ownGateway = (gateway: string) => new Fault('conflict', 'own_gateway', `"${gateway}" is the gateway of this very server; it gives its leases back when it ends.`);
export const receiptPending = (id: string, retryAfterSeconds: number) =>
  new Fault('not_found', 'receipt_pending', `The call ${id} is not in the book yet; ask again in ${retryAfterSeconds} s.`, { retryAfterSeconds });
export const receiptNotFound = (id: string) => new Fault('not_found', 'receipt_not_found', `There is no receipt ${id}.`);
export const chargeNotFound = (id: string) => new Fault('not_found', 'charge_not_found', `There is no charge ${id}; a charge has the id of its call.`);
export const refundConflict = (id: string) => new Fault('conflict', 'refund_conflict', `The refund ${id} was made before, of another charge or amount. Use another id.`);
export const refundTooLarge = (charge: string, amount: bigint, left: bigint) =>
  new Fault('conflict', 'refund_too_large', `Of the charge ${charge} ${formatMicros(left)} can still be refunded, not ${formatMicros(amount)}.`);
export const publisherHasSpent = (publisherMicros: bigint) =>
  new Fault(
    'conflict',
    'publisher_paid_out',
    `The publisher no longer holds its share of ${formatMicros(publisherMicros)}: it was paid out. The platform can bear it: an operator refunds with "fromPlatform".`,
  );
export const payableTooSmall = (org: string, payable: bigint) =>
  new Fault('conflict', 'payable_too_small', `"${org}" has earned ${formatMicros(payable)} that was not paid out; no more can be.`);
export const operatorOnly = (sentence: string) => new Fault('permission_denied', 'operator_only', sentence);
export const notYours = (org: string) => new Fault('not_found', 'org_not_found', `There is no organisation "${org}" of which you may see statements.`);
