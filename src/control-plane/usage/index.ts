export { usageRoutes } from './routes.ts';
export { Usage } from './service.ts';
