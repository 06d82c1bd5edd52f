export { type Key, type Member, type Organisation, PLATFORM, type Role, type StoredKey } from './model.ts';
export { identityRoutes } from './routes.ts';
export { type Actor, Identity, type MadeKey } from './service.ts';
export { listReplacements } from './store.ts';
