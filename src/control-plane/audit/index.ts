export { auditUnavailable } from './errors.ts';
export type { Deed, SignedHead } from './model.ts';
export { auditRoutes } from './routes.ts';
export { Audit } from './service.ts';
export { type Verified, verifyAudit } from './verify.ts';
