export { deploymentRoutes } from './routes.ts';
export type { Deployer, DeploymentView } from './live.ts';
export type { Proposal, Scheduling, WantedRevision, WantedRollout } from './ports.ts';
export { Deployments, type DeploymentsOptions } from './service.ts';
export type { RevisionHealth } from './model.ts';
