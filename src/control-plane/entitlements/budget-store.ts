import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import { type Budget, type BudgetPeriodKind, type BudgetUnit, periodStart } from './budget-model.ts';

type On = Db | Tx;
const IDS_PER_STATEMENT = 500;

/** What was used and leased in one period. */
export interface Counted {
  readonly usedAmount: bigint;
  readonly leasedAmount: bigint;
  /** The largest share that was told of. */
  readonly alertedPercent: number;
}

export const NOTHING_COUNTED: Counted = { usedAmount: 0n, leasedAmount: 0n, alertedPercent: 0 };

export async function insertBudget(on: Tx, budget: Budget): Promise<void> {
  const { id, orgId, keyId, subscription, unit, limitAmount, period, isHard, alertPercents, createdAt, removedAt } = budget;
  await on
    .insertInto('budgets')
    .values({
      id,
      org_id: orgId,
      key_id: keyId ?? null,
      subscription_id: subscription ?? null,
      unit,
      limit_amount: limitAmount,
      period,
      is_hard: Number(isHard),
      alert_percents: JSON.stringify(alertPercents),
      created_at: createdAt,
      removed_at: removedAt ?? null,
    })
    .execute();
}

export interface BudgetChange {
  readonly limit_amount?: bigint;
  readonly is_hard?: number;
  readonly alert_percents?: string;
  readonly subscription_id?: string;
  readonly removed_at?: number;
}

export async function updateBudget(on: Tx, id: string, change: BudgetChange): Promise<void> {
  await on.updateTable('budgets').set(change).where('id', '=', id).execute();
}

/** Budgets of these ids, also removed ones; or those of an organisation, or all, that are not removed. */
export async function listBudgets(on: On, which: { readonly ids?: readonly string[]; readonly orgId?: string } = {}): Promise<Budget[]> {
  const { ids, orgId } = which;
  const all = on.selectFrom('budgets').selectAll().orderBy('id');
  if (!ids) {
    const live = all.where('removed_at', 'is', null);
    return (await (orgId === undefined ? live : live.where('org_id', '=', orgId)).execute()).map(budgetOf);
  }
  const budgets: Budget[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT)
    budgets.push(...(await all.where('id', 'in', ids.slice(from, from + IDS_PER_STATEMENT)).execute()).map(budgetOf));
  return budgets;
}

/** Budgets of an organisation and its keys that only alert. */
export async function listAlerting(on: On, orgId: string): Promise<Budget[]> {
  const rows = await on.selectFrom('budgets').selectAll().where('org_id', '=', orgId).where('is_hard', '=', 0).where('removed_at', 'is', null).orderBy('id').execute();
  return rows.map(budgetOf);
}

function budgetOf(row: Schema['budgets']): Budget {
  return {
    id: row.id,
    orgId: row.org_id,
    keyId: row.key_id ?? undefined,
    subscription: row.subscription_id ?? undefined,
    unit: row.unit as BudgetUnit,
    limitAmount: row.limit_amount,
    period: row.period as BudgetPeriodKind,
    isHard: row.is_hard === 1,
    alertPercents: JSON.parse(row.alert_percents) as number[],
    createdAt: row.created_at,
    removedAt: row.removed_at ?? undefined,
  };
}

/** Has the row of a period made if it is not there. */
export async function ensurePeriod(on: Tx, budget: string, start: number): Promise<void> {
  await on
    .insertInto('budget_periods')
    .values({ budget_id: budget, start, used_amount: 0n, leased_amount: 0n, alerted_percent: 0 })
    .onConflict((conflict) => conflict.columns(['budget_id', 'start']).doNothing())
    .execute();
}

export async function readPeriod(on: On, budget: string, start: number): Promise<Counted> {
  const row = await on.selectFrom('budget_periods').selectAll().where('budget_id', '=', budget).where('start', '=', start).executeTakeFirst();
  return row ? { usedAmount: row.used_amount, leasedAmount: row.leased_amount, alertedPercent: row.alerted_percent } : NOTHING_COUNTED;
}

/** What is counted of budgets in their periods of `now`; those that nothing was counted of are left out. */
export async function countedNow(on: On, budgets: readonly Budget[], now: number): Promise<Map<string, Counted>> {
  const starts = new Map(budgets.map(({ id, period }) => [id, periodStart(period, now)]));
  const ids = [...starts.keys()];
  const counted = new Map<string, Counted>();
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT) {
    const rows = await on
      .selectFrom('budget_periods')
      .selectAll()
      .where('budget_id', 'in', ids.slice(from, from + IDS_PER_STATEMENT))
      .where('start', 'in', [...new Set(starts.values())])
      .execute();
    for (const row of rows.filter(({ budget_id: id, start }) => starts.get(id) === start))
      counted.set(row.budget_id, { usedAmount: row.used_amount, leasedAmount: row.leased_amount, alertedPercent: row.alerted_percent });
  }
  return counted;
}

/** Leases so much of a budget, if it has that much left: one guarded statement, so that nobody takes too much by racing. Returns whether it had. */
export async function takeGuarded(on: Tx, { id, start }: { readonly id: string; readonly start: number }, amount: bigint): Promise<boolean> {
  const { numUpdatedRows } = await on
    .updateTable('budget_periods')
    .set((eb) => ({ leased_amount: eb('leased_amount', '+', amount) }))
    .where('budget_id', '=', id)
    .where('start', '=', start)
    .where((eb) =>
      eb(
        eb(eb('used_amount', '+', eb.ref('leased_amount')), '+', amount),
        '<=',
        eb.selectFrom('budgets').select('limit_amount').whereRef('budgets.id', '=', 'budget_periods.budget_id'),
      ),
    )
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Moves from leased to used, and returns what is used then. More than is leased is never taken back. */
export async function count(
  on: Tx,
  { id, start }: { readonly id: string; readonly start: number },
  { usedAmount, releasedAmount }: { readonly usedAmount: bigint; readonly releasedAmount: bigint },
): Promise<Counted> {
  await ensurePeriod(on, id, start);
  await on
    .updateTable('budget_periods')
    .set((eb) => ({
      used_amount: eb('used_amount', '+', usedAmount),
      leased_amount: eb
        .case()
        .when('leased_amount', '>', releasedAmount)
        .then(eb('leased_amount', '-', releasedAmount))
        .else(0n)
        .end(),
    }))
    .where('budget_id', '=', id)
    .where('start', '=', start)
    .execute();
  return readPeriod(on, id, start);
}

/** Notes that a share was told of. Returns whether it was not yet. */
export async function noteAlerted(on: Tx, { id, start }: { readonly id: string; readonly start: number }, percent: number): Promise<boolean> {
  const { numUpdatedRows } = await on
    .updateTable('budget_periods')
    .set({ alerted_percent: percent })
    .where('budget_id', '=', id)
    .where('start', '=', start)
    .where('alerted_percent', '<', percent)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** After a change of the limit: shares above this will be told of (again). */
export async function resetAlerted(on: Tx, { id, start }: { readonly id: string; readonly start: number }, percent: number): Promise<void> {
  await on.updateTable('budget_periods').set({ alerted_percent: percent }).where('budget_id', '=', id).where('start', '=', start).execute();
}
