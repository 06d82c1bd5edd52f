export { alertRoutes } from './alert-routes.ts';
export { Quality } from './alerts/quality.ts';
export { Rules } from './alerts/rules.ts';
export { Alerts } from './alerts/service.ts';
export type { DeploymentFigures } from './model.ts';
export type { LiveFigures } from './ports.ts';
export { monitoringRoutes } from './routes.ts';
export { Monitoring } from './service.ts';
export { Deliveries } from './webhooks/deliveries.ts';
