export { type BudgetPeriod, type BudgetRoom, Budgets, type Crossed } from './budgets.ts';
export { Lineages } from './lineages.ts';
export { subscriptionRoutes } from './routes.ts';
export { type CallerChange, Entitlements } from './service.ts';
export { SpendingLimits } from './spending-limits.ts';
export { Subscriptions } from './subscriptions.ts';
export { readTerms } from './terms.ts';
