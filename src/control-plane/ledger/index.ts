export { payable, REVENUE, TAX } from './accounts.ts';
export { type Split, splitOf } from './model.ts';
export { ledgerRoutes } from './routes.ts';
export { type ChargeOrder, Ledger } from './service.ts';
export { findPosted as findTransactions, lockHead as lockBook, type Posted } from './store.ts';
