export { Entitlements } from './service.ts';
