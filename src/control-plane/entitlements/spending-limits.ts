import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { Db } from '../../db/open.ts';
import type { Viewer } from '../catalogue/index.ts';
import { ALERT_PERCENTS_DEFAULT, type Budget, type BudgetPeriodKind, periodEnd, periodStart, reached } from './budget-model.ts';
import * as store from './budget-store.ts';
import { budgetExists, budgetNotFound, budgetOfOwnKey, keysNotFound } from './errors.ts';
import type { Keys } from './ports.ts';
import type { Entitlements } from './service.ts';

export interface BudgetOrder {
  /** Absent: of the whole organisation. */
  readonly key?: string;
  readonly limitMicros: bigint;
  readonly period: BudgetPeriodKind;
  readonly isHard?: boolean;
  readonly alertPercents?: readonly number[];
}

export interface BudgetPatch {
  readonly limitMicros?: bigint;
  readonly isHard?: boolean;
  readonly alertPercents?: readonly number[];
}

/** A budget with what was used of it in its present period. */
export interface BudgetView extends Budget, store.Counted {
  readonly start: number;
  readonly end: number | undefined;
}

export interface SpendingLimitsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly entitlements: Entitlements;
  readonly keys: Keys;
}

/** Budgets of money that an organisation sets itself and its keys. */
export class SpendingLimits {
  readonly #options: SpendingLimitsOptions;

  constructor(options: SpendingLimitsOptions) {
    this.#options = options;
  }

  /** The caller's own; an operator sees all. Quotas are with their subscriptions. */
  async list(caller: Viewer): Promise<BudgetView[]> {
    const seesAll = caller.scopes.includes('operator');
    const budgets = await store.listBudgets(this.#options.db, seesAll ? {} : { orgId: caller.orgId });
    return this.#views(budgets.filter(({ subscription }) => subscription === undefined));
  }

  /** @throws Fault when there is one of the same key and period */
  async add(caller: Viewer, { key, limitMicros, period, isHard = true, alertPercents = ALERT_PERCENTS_DEFAULT }: BudgetOrder): Promise<BudgetView> {
    this.#checkFree(caller);
    const { clock, entitlements, keys } = this.#options;
    if (key !== undefined && !(await keys.listKeys(caller.orgId)).some(({ id }) => id === key)) throw keysNotFound(key);
    const now = clock.now();
    const budget: Budget = {
      id: newId('bgt', now),
      orgId: caller.orgId,
      keyId: key,
      subscription: undefined,
      unit: 'micros',
      limitAmount: limitMicros,
      period,
      isHard,
      alertPercents,
      createdAt: now,
      removedAt: undefined,
    };
    await entitlements.change(async (tx) => {
      const known = (await store.listBudgets(tx, { orgId: caller.orgId })).find((other) => other.subscription === undefined && other.keyId === key && other.period === period);
      if (known) throw budgetExists(known);
      await store.insertBudget(tx, budget);
      return { result: undefined, orgIds: [caller.orgId] };
    });
    return this.#view(budget);
  }

  /** Shares of the limit that are no longer come to are told of again when they are. */
  async update(caller: Viewer, id: string, { limitMicros, isHard, alertPercents }: BudgetPatch): Promise<BudgetView> {
    const before = await this.#own(caller, id);
    const after: Budget = { ...before, limitAmount: limitMicros ?? before.limitAmount, isHard: isHard ?? before.isHard, alertPercents: alertPercents ?? before.alertPercents };
    await this.#options.entitlements.change(async (tx) => {
      await store.updateBudget(tx, id, { limit_amount: after.limitAmount, is_hard: Number(after.isHard), alert_percents: JSON.stringify(after.alertPercents) });
      const start = periodStart(after.period, this.#options.clock.now());
      const { usedAmount } = await store.readPeriod(tx, id, start);
      await store.resetAlerted(tx, { id, start }, reached(after, usedAmount).at(-1) ?? 0);
      return { result: undefined, orgIds: [before.orgId] };
    });
    return this.#view(after);
  }

  async remove(caller: Viewer, id: string): Promise<void> {
    const { orgId } = await this.#own(caller, id);
    await this.#options.entitlements.change(async (tx) => {
      await store.updateBudget(tx, id, { removed_at: this.#options.clock.now() });
      return { result: undefined, orgIds: [orgId] };
    });
  }

  /** A key with a hard budget of its own is not to widen it. */
  #checkFree(caller: Viewer): void {
    if (this.#options.entitlements.isBudgeted(caller.keyId)) throw budgetOfOwnKey();
  }

  async #own(caller: Viewer, id: string): Promise<Budget> {
    const [budget] = await store.listBudgets(this.#options.db, { ids: [id] });
    const isHere = budget && budget.removedAt === undefined && budget.subscription === undefined;
    if (!isHere || (budget.orgId !== caller.orgId && !caller.scopes.includes('operator'))) throw budgetNotFound(id);
    this.#checkFree(caller);
    return budget;
  }

  async #view(budget: Budget): Promise<BudgetView> {
    const [view] = await this.#views([budget]);
    if (!view) throw budgetNotFound(budget.id);
    return view;
  }

  async #views(budgets: readonly Budget[]): Promise<BudgetView[]> {
    const now = this.#options.clock.now();
    const counted = await store.countedNow(this.#options.db, budgets, now);
    return budgets.map((budget) => ({
      ...budget,
      ...(counted.get(budget.id) ?? store.NOTHING_COUNTED),
      start: periodStart(budget.period, now),
      end: periodEnd(budget.period, now),
    }));
  }
}
