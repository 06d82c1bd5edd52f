export type { Upstream } from './model.ts';
export type { UpstreamPorts } from './ports.ts';
export { upstreamRoutes } from './routes.ts';
export { Upstreams } from './service.ts';
