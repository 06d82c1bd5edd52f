export type { DeploymentFigures } from './model.ts';
export type { LiveFigures } from './ports.ts';
export { monitoringRoutes } from './routes.ts';
export { Monitoring } from './service.ts';
