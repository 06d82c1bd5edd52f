export { type ChargeOrder, type GrantOrder, type Lease, Ledger, type WalletGrant } from './service.ts';
export { type Split, splitOf } from './model.ts';
