import * as accounts from './accounts.ts';

/** One line of a transaction. Amounts are micro-units, never 0. */
export interface Posting {
  readonly account: accounts.Account;
  readonly amountMicros: bigint;
}

/** A part of an amount that belongs to one grant. */
export interface GrantPart {
  readonly grant: string;
  readonly amountMicros: bigint;
}

/** How a charge is shared. The parts add up to it. */
export interface Split {
  readonly publisher: string;
  readonly publisherMicros: bigint;
  readonly platformMicros: bigint;
  readonly taxMicros: bigint;
}

const BASIS_POINTS = 10_000n;

/**
 * Shares a charge: the publisher's share is floored, the platform has the rest, tax is taken out of the whole first (M30).
 *
 * @param publisherBasisPoints 0 to 10,000
 */
export function splitOf(chargeMicros: bigint, publisher: string, publisherBasisPoints: number, taxMicros = 0n): Split {
  if (chargeMicros < 0n || taxMicros < 0n || taxMicros > chargeMicros) throw new RangeError(`a charge of ${chargeMicros} with tax ${taxMicros} can't be shared`);
  if (!Number.isInteger(publisherBasisPoints) || publisherBasisPoints < 0 || publisherBasisPoints > 10_000)
    throw new RangeError(`${publisherBasisPoints} is no share in basis points`);
  const net = chargeMicros - taxMicros;
  const publisherMicros = (net * BigInt(publisherBasisPoints)) / BASIS_POINTS;
  return { publisher, publisherMicros, platformMicros: net - publisherMicros, taxMicros };
}

const line = (account: accounts.Account, amountMicros: bigint): Posting => ({ account, amountMicros });
const nonZero = (postings: readonly Posting[]): Posting[] => postings.filter(({ amountMicros }) => amountMicros !== 0n);
const credited = ({ publisher, publisherMicros, platformMicros, taxMicros }: Split): Posting[] => [
  line(accounts.payable(publisher), publisherMicros),
  line(accounts.REVENUE, platformMicros),
  line(accounts.TAX, taxMicros),
];

/**
 * | top up | |
 * | --- | --- |
 * | cash | − amount |
 * | wallet | + amount |
 */
export function topUp(orgId: string, { grant, amountMicros }: GrantPart): Posting[] {
  return nonZero([line(accounts.CASH, -amountMicros), line(accounts.wallet(orgId, grant), amountMicros)]);
}

/**
 * | credit given away | |
 * | --- | --- |
 * | promotion | − amount |
 * | wallet | + amount |
 */
export function giveCredit(orgId: string, { grant, amountMicros }: GrantPart): Posting[] {
  return nonZero([line(accounts.PROMOTION, -amountMicros), line(accounts.wallet(orgId, grant), amountMicros)]);
}

/**
 * | lease | |
 * | --- | --- |
 * | wallet, each grant | − its part |
 * | leased, each grant | + its part |
 */
export function openLease(orgId: string, lease: string, parts: readonly GrantPart[]): Posting[] {
  return nonZero(parts.flatMap(({ grant, amountMicros }) => [line(accounts.wallet(orgId, grant), -amountMicros), line(accounts.leased(lease, grant), amountMicros)]));
}

/** Where a charge is taken from, and how it is shared. */
export interface Charge {
  readonly parts: readonly GrantPart[];
  readonly walletParts: readonly GrantPart[];
  readonly overageMicros: bigint;
  readonly split: Split;
}

/**
 * | settle | |
 * | --- | --- |
 * | leased, each grant | − its part |
 * | wallet, each grant | − what the lease did not cover, as far as there is credit |
 * | receivable | − what is still missing (M9) |
 * | payable of the publisher | + its share |
 * | revenue | + the platform's share |
 * | tax | + tax |
 */
export function settle(orgId: string, lease: string, { parts, walletParts, overageMicros, split }: Charge): Posting[] {
  return nonZero([
    ...parts.map(({ grant, amountMicros }) => line(accounts.leased(lease, grant), -amountMicros)),
    ...walletParts.map(({ grant, amountMicros }) => line(accounts.wallet(orgId, grant), -amountMicros)),
    line(accounts.receivable(orgId), -overageMicros),
    ...credited(split),
  ]);
}

/**
 * | what a lease did not spend | |
 * | --- | --- |
 * | leased, each grant | − its part |
 * | wallet, each grant | + its part |
 * | breakage | + parts of grants that have expired meanwhile |
 */
export function returnLease(orgId: string, lease: string, parts: readonly (GrantPart & { readonly isExpired: boolean })[]): Posting[] {
  const expired = parts.filter(({ isExpired }) => isExpired).reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  return nonZero([
    ...parts.map(({ grant, amountMicros }) => line(accounts.leased(lease, grant), -amountMicros)),
    ...parts.filter(({ isExpired }) => !isExpired).map(({ grant, amountMicros }) => line(accounts.wallet(orgId, grant), amountMicros)),
    line(accounts.BREAKAGE, expired),
  ]);
}

/**
 * | a grant expires | |
 * | --- | --- |
 * | wallet | − what is left |
 * | breakage | + what is left |
 */
export function expire(orgId: string, { grant, amountMicros }: GrantPart): Posting[] {
  return nonZero([line(accounts.wallet(orgId, grant), -amountMicros), line(accounts.BREAKAGE, amountMicros)]);
}

/**
 * | refund | |
 * | --- | --- |
 * | payable of the publisher | − its share of that part |
 * | revenue | − the platform's |
 * | tax | − tax |
 * | wallet | + the whole part |
 */
export function refund(orgId: string, grant: string, split: Split): Posting[] {
  const back = credited(split).map(({ account, amountMicros }) => line(account, -amountMicros));
  return nonZero([...back, line(accounts.wallet(orgId, grant), split.publisherMicros + split.platformMicros + split.taxMicros)]);
}

/**
 * | what was used beyond credit is paid out of credit that has come | |
 * | --- | --- |
 * | wallet, each grant | − its part |
 * | receivable | + all of it |
 */
export function collect(orgId: string, parts: readonly GrantPart[]): Posting[] {
  const amount = parts.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  return nonZero([...parts.map(({ grant, amountMicros }) => line(accounts.wallet(orgId, grant), -amountMicros)), line(accounts.receivable(orgId), amount)]);
}

/**
 * | pay out | |
 * | --- | --- |
 * | payable of the publisher | − amount |
 * | cash | + amount |
 */
export function payOut(publisher: string, amountMicros: bigint): Posting[] {
  return nonZero([line(accounts.payable(publisher), -amountMicros), line(accounts.CASH, amountMicros)]);
}
