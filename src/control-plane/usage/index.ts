export type { UsageWork } from './model.ts';
export { usageRoutes } from './routes.ts';
export { Usage } from './service.ts';
