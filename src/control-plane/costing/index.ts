export type { Fleet, NodeCapacity, Organisations, Prices, ReplicaHolding } from './ports.ts';
export { CostingSection, resolveRates } from './rates.ts';
export { costRoutes } from './routes.ts';
export { Costing } from './service.ts';
