import { Fault, invalid } from '../../contract/errors.ts';
import type { Listing, ListingState, Move } from './model.ts';

export const listingNotFound = (id: string) => new Fault('not_found', 'listing_not_found', `There is no listing "${id.slice(0, 160)}".`);
export const planNotFound = (id: string) => new Fault('not_found', 'plan_not_found', `There is no plan "${id.slice(0, 160)}".`);
export const alreadyListed = ({ deployment, id }: Listing) => new Fault('conflict', 'already_listed', `"${deployment}" has a listing already: ${id}.`);
export const planExists = (name: string) => new Fault('conflict', 'plan_exists', `The listing has a plan "${name}" already; change its price, or close it and make another.`);
export const tooManyPlans = (most: number) => new Fault('conflict', 'too_many_plans', `A listing has at most ${most} plans.`);
export const whichPlan = (names: readonly string[]) => invalid(`The listing has several open plans; say with "plan" (--plan) which: ${names.join(', ')}.`, 'plan', 'which_plan');
export const noOpenPlan = (deployment: string) => new Fault('conflict', 'no_open_plan', `"${deployment}" takes no new subscriptions: none of its plans is open.`);
export const noPlan = () => new Fault('conflict', 'no_plan', 'The listing has no open plan that could be subscribed to; add one first.');
export const wrongState = (move: Move, state: ListingState) => new Fault('conflict', 'wrong_state', `The listing is ${state}; it can't be ${PAST[move]} from there.`);
export const changedMeanwhile = () => new Fault('conflict', 'changed_meanwhile', 'Somebody else has moved the listing meanwhile; look at it again.');
export const notDeployed = (name: string) => new Fault('conflict', 'not_deployed', `"${name}" is not deployed just now.`);
export const priceUnavailable = (plan: string) =>
  new Fault('unavailable', 'price_unavailable', `The plan "${plan}" has no price that can be read just now; its publisher has been told.`);
export const noQuota = () => invalid('A free plan needs "quota": what is free, and how much of it.', 'quota');
export const quotaOfPaid = () => invalid('Only a free plan has "quota".', 'quota');
export const noRates = () => invalid('A plan that is paid for needs "rates", at least one of them above 0; one that costs nothing is a plan of the kind "free".', 'rates');
export const quotaCountsNothing = () => invalid('Calls of a tensor model have no tokens to count: give "quota" the unit "requests".', 'quota.unit');
export const ratesCountNothing = (task: string) =>
  invalid(
    `Calls of a model for "${task}" use none of the units that have a rate here, so they would cost nothing. Set a rate for requests${task === 'tensor' ? ' or rows' : ' or tokens'}.`,
    'rates',
  );
export const ratesOfFree = () => invalid('A free plan has no "rates".', 'rates');
export const unitMissing = () => invalid('"maxPrice" needs "unit": which rate it is about.', 'unit');

const PAST: Readonly<Record<Move, string>> = { submit: 'submitted', approve: 'approved', reject: 'rejected', withdraw: 'withdrawn' };
