export { type BudgetPeriod, type BudgetRoom, Budgets, type Crossed } from './budgets.ts';
export { Lineages } from './lineages.ts';
export { Entitlements } from './service.ts';
