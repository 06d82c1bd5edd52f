export { deploymentRoutes } from './routes.ts';
export { type Deployer, Deployments, type DeploymentView } from './service.ts';
export type { Scheduling, WantedRevision } from './ports.ts';
export type { RevisionHealth } from './model.ts';
