/**
 * Accounts, by their names. An amount is what an account is credited (positive) or debited (negative): a wallet's balance is what is owed to its
 * organisation, `cash` is negative by what was paid in and not paid out.
 */
export type Account = string;

/** Money that came from outside or went there. */
export const CASH = 'cash';
/** What the platform earned, keeps for the tax office, won by credit that expired, and gave away. */
export const REVENUE = 'revenue';
export const TAX = 'tax';
export const BREAKAGE = 'breakage';
export const PROMOTION = 'promotion';

/** One grant of credit of an organisation's wallet. */
export const wallet = (orgId: string, grant: string): Account => `wallet/${orgId}/${grant}`;
/** What a lease holds of one grant. */
export const leased = (lease: string, grant: string): Account => `leased/${lease}/${grant}`;
/** What a publisher has earned and was not paid out. */
export const payable = (orgId: string): Account => `payable/${orgId}`;
/** What an organisation has used beyond its credit; a debt, so never above zero. */
export const receivable = (orgId: string): Account => `receivable/${orgId}`;

/** Never negative: the database refuses what would make it so. */
export function isGuarded(account: Account): boolean {
  return account.startsWith('wallet/') || account.startsWith('leased/') || account.startsWith('payable/');
}
