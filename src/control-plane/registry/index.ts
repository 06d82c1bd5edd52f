export { BlobStore, digestOf, parseDigest } from './blobs.ts';
export type { Model, ModelVersion } from './model.ts';
export { pullStarter, sweepPulls } from './pull.ts';
export { pullRoutes } from './pull-routes.ts';
export { registryRoutes } from './routes.ts';
export { type Publication, type Publisher, Registry, type RegistryOptions } from './service.ts';
export { referencedDigests } from './store.ts';
export { STARTERS } from './starters/index.ts';
export type { Starter } from './starters/starter.ts';
