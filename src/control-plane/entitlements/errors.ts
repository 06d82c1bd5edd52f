import { formatMicros } from '../../base/money.ts';
import { Fault } from '../../contract/errors.ts';
import type { Budget } from './budget-model.ts';

const PER: Readonly<Record<Budget['period'], string>> = { day: ' a day', month: ' a month', total: ' in all' };

export const budgetNotFound = (id: string) => new Fault('not_found', 'budget_not_found', `There is no budget "${id}".`);
export const budgetExceeded = ({ id, keyId, limitAmount, period }: Budget) =>
  new Fault(
    'payment_required',
    'budget_exceeded',
    `The budget ${id} of ${keyId === undefined ? 'your organisation' : 'this key'}, ${formatMicros(limitAmount)}${PER[period]}, has no room for this call.`,
  );
export const quotaExceeded = ({ id, unit, limitAmount, period }: Budget) =>
  new Fault(
    'payment_required',
    'quota_exceeded',
    `The free quota ${id} of this subscription, ${limitAmount} ${unit}${PER[period]}, has no room for this call; a paid plan has no quota.`,
  );
