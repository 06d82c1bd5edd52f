import type { QuotaUnit } from '../../contract/price.ts';

/** What a budget counts. */
export type BudgetUnit = 'micros' | QuotaUnit;
/** Days and months begin at midnight UTC. */
export const BUDGET_PERIODS = ['day', 'month', 'total'] as const;
export type BudgetPeriodKind = (typeof BUDGET_PERIODS)[number];

export const ALERT_PERCENTS_DEFAULT: readonly number[] = [80, 100];

/** So much may be spent or used in each period: by a whole organisation, one key, or under one subscription (its quota). */
export interface Budget {
  readonly id: string;
  readonly orgId: string;
  readonly keyId: string | undefined;
  readonly subscription: string | undefined;
  readonly unit: BudgetUnit;
  readonly limitAmount: bigint;
  readonly period: BudgetPeriodKind;
  /** Calls beyond it are refused; otherwise it only alerts. */
  readonly isHard: boolean;
  readonly alertPercents: readonly number[];
  readonly createdAt: number;
  /** From when on it holds no more. */
  readonly removedAt: number | undefined;
}

/** When the period began that `now` is in, milliseconds since 1970. */
export function periodStart(period: BudgetPeriodKind, now: number): number {
  if (period === 'total') return 0;
  const at = new Date(now);
  return period === 'day' ? Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()) : Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}

/** When it ends; undefined: never. */
export function periodEnd(period: BudgetPeriodKind, now: number): number | undefined {
  if (period === 'total') return undefined;
  const at = new Date(now);
  return period === 'day' ? Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1) : Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1);
}

/** The shares of its limit that a budget has come to, the smallest first. Nothing used has come to nothing. */
export function reached({ limitAmount, alertPercents }: Pick<Budget, 'limitAmount' | 'alertPercents'>, usedAmount: bigint): number[] {
  if (usedAmount <= 0n) return [];
  return alertPercents.filter((percent) => usedAmount * 100n >= limitAmount * BigInt(percent)).toSorted((a, b) => a - b);
}
