import type { Tx } from '../../db/open.ts';
import { type Budget, periodEnd, periodStart, reached } from './budget-model.ts';
import * as store from './budget-store.ts';
import { budgetExceeded, budgetNotFound, quotaExceeded } from './errors.ts';
import type { Lineages } from './lineages.ts';

/** One period of a budget. `start` is milliseconds since 1970. */
export interface BudgetPeriod {
  readonly id: string;
  readonly start: number;
}

export interface BudgetRoom extends BudgetPeriod {
  /** What is neither used nor leased. */
  readonly roomAmount: bigint;
  /** When the period ends; undefined: never. */
  readonly end: number | undefined;
}

/** A budget has come to a share of its limit that somebody wants to be told of; once a period and share. */
export interface Crossed {
  readonly budget: string;
  readonly orgId: string;
  readonly percent: number;
}

/** Counts what is leased and used of budgets and quotas, inside the transactions of those who lease and charge. */
export class Budgets {
  readonly #lineages: Pick<Lineages, 'isSame'>;

  constructor(lineages: Pick<Lineages, 'isSame'>) {
    this.#lineages = lineages;
  }

  /** What is left of each in its period, in the order of the ids; of removed ones nothing. @throws Fault for a budget that never was */
  async room(tx: Tx, ids: readonly string[], now: number): Promise<readonly BudgetRoom[]> {
    const rooms: BudgetRoom[] = [];
    for (const budget of await find(tx, ids)) {
      const start = periodStart(budget.period, now);
      const { usedAmount, leasedAmount } = await store.readPeriod(tx, budget.id, start);
      const left = budget.limitAmount - usedAmount - leasedAmount;
      rooms.push({ id: budget.id, start, roomAmount: left > 0n ? left : 0n, end: periodEnd(budget.period, now) });
    }
    return rooms;
  }

  /** Leases as much of each, or of none. @throws Fault `budget_exceeded` or `quota_exceeded` that names which has no room */
  async take(tx: Tx, ids: readonly string[], amount: bigint, now: number): Promise<readonly BudgetPeriod[]> {
    const periods: BudgetPeriod[] = [];
    for (const budget of await find(tx, ids)) {
      const period = { id: budget.id, start: periodStart(budget.period, now) };
      await store.ensurePeriod(tx, period.id, period.start);
      if (!(await store.takeGuarded(tx, period, amount))) throw budget.unit === 'micros' ? budgetExceeded(budget) : quotaExceeded(budget);
      periods.push(period);
    }
    return periods;
  }

  /** Counts what was used, and takes back what of it was leased. Returns the shares of limits that were newly come to. */
  async spend(tx: Tx, periods: readonly BudgetPeriod[], amounts: { readonly usedAmount: bigint; readonly releasedAmount: bigint }): Promise<readonly Crossed[]> {
    const crossed: Crossed[] = [];
    const budgets = new Map((await store.listBudgets(tx, { ids: periods.map(({ id }) => id) })).map((budget) => [budget.id, budget]));
    for (const period of periods) {
      const { usedAmount, alertedPercent } = await store.count(tx, period, amounts);
      const budget = budgets.get(period.id);
      const fresh = budget && budget.removedAt === undefined ? reached(budget, usedAmount).filter((percent) => percent > alertedPercent) : [];
      const last = fresh.at(-1);
      if (budget && last !== undefined && (await store.noteAlerted(tx, period, last)))
        crossed.push(...fresh.map((percent) => ({ budget: budget.id, orgId: budget.orgId, percent })));
    }
    return crossed;
  }

  /** Gives back what was leased and not used. */
  async release(tx: Tx, periods: readonly BudgetPeriod[], amount: bigint): Promise<void> {
    for (const period of periods) await store.count(tx, period, { usedAmount: 0n, releasedAmount: amount });
  }

  /** The budgets of a key and its organisation that only alert, in their periods of `now`: they are counted when a charge is posted. */
  async alertingFor(tx: Tx, { orgId, keyId }: { readonly orgId: string; readonly keyId: string }, now: number): Promise<readonly BudgetPeriod[]> {
    const alerting = await store.listAlerting(tx, orgId);
    return alerting.filter((budget) => budget.keyId === undefined || this.#lineages.isSame(budget.keyId, keyId)).map(({ id, period }) => ({ id, start: periodStart(period, now) }));
  }
}

/**
 * In the order of the ids, so that two transactions never wait for each other crosswise when ids come sorted. One that was removed holds no more: a gateway may
 * name it until it has heard of that.
 */
async function find(tx: Tx, ids: readonly string[]): Promise<Budget[]> {
  if (ids.length === 0) return [];
  const known = new Map((await store.listBudgets(tx, { ids })).map((budget) => [budget.id, budget]));
  return ids.flatMap((id) => {
    const budget = known.get(id);
    if (!budget) throw budgetNotFound(id);
    return budget.removedAt === undefined ? [budget] : [];
  });
}
