export { type GatewayRun, Leasing } from './leasing.ts';
export { receiptRoutes } from './receipt-routes.ts';
export { Receipts } from './receipts.ts';
export { Refunds } from './refunds.ts';
export { billingRoutes } from './routes.ts';
export { Billing } from './service.ts';
export { statementRoutes } from './statement-routes.ts';
export { Statements } from './statements.ts';
export { Upkeep } from './upkeep.ts';
