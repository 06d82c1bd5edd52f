import { Fault } from '../../contract/errors.ts';

export const insufficientQuota = (orgName: string) => new Fault('payment_required', 'insufficient_quota', `The organisation "${orgName}" has no credit left for this call.`);
export const transactionConflict = (id: string) =>
  new Fault('conflict', 'transaction_conflict', `The transaction ${id} was posted before, with other postings; a correction is a transaction of its own.`);
export const unbalanced = (id: string, sum: bigint) => new Fault('internal', 'unbalanced_transaction', `The transaction ${id} adds up to ${sum}, not to 0.`);
export const amountTooLarge = (accounts: readonly string[]) =>
  new Fault('invalid_argument', 'amount_too_large', `The account ${accounts.join(' or ')} would come to more than the book can hold.`);
export const overdrawn = (accounts: readonly string[]) => new Fault('payment_required', 'insufficient_quota', `The account ${accounts.join(' or ')} does not hold as much.`);
export const leaseNotFound = (id: string) => new Fault('not_found', 'lease_not_found', `There is no lease ${id}.`);
export const transactionNotFound = (id: string) => new Fault('not_found', 'transaction_not_found', `There is no charge ${id}.`);
export const refundTooLarge = (id: string) => new Fault('conflict', 'refund_too_large', `More would be refunded than was charged by ${id}.`);
