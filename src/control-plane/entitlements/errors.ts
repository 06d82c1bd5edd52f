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
export const budgetExists = ({ id, period }: Budget) => new Fault('conflict', 'budget_exists', `There is a budget for the same, a ${period}: ${id}; change that one.`);
export const budgetOfOwnKey = () => new Fault('permission_denied', 'restricted_key', 'A key with a budget of its own can change no budgets.');
export const keysNotFound = (id: string) => new Fault('not_found', 'key_not_found', `There is no key "${id.slice(0, 64)}" in this organisation.`);
export const subscriptionNotFound = (id: string) => new Fault('not_found', 'subscription_not_found', `There is no subscription "${id.slice(0, 64)}".`);
export const alreadySubscribed = (plan: string, id: string) =>
  new Fault('conflict', 'already_subscribed', `Your organisation has subscribed to the plan "${plan}" already: ${id}. Which keys call by it can be changed.`);
export const ownListing = (deployment: string) => new Fault('conflict', 'own_listing', `"${deployment}" is your organisation's own: its keys may call it without a subscription.`);
export const notActive = (id: string) => new Fault('conflict', 'not_active', `The subscription ${id} is not active any more.`);
export const noNextPrice = (id: string) => new Fault('conflict', 'no_next_price', `No other price is to come for the subscription ${id}.`);
export const priceGone = (plan: string) => new Fault('unavailable', 'price_unavailable', `The plan "${plan}" has no price that can be read just now; its publisher has been told.`);
