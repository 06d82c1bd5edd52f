export { ledgerRoutes } from './routes.ts';
export { Ledger } from './service.ts';
