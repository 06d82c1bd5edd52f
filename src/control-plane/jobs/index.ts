export { jobRoutes, JobSchema, jobView } from './routes.ts';
export type { Job } from './model.ts';
export { Jobs, type Report } from './service.ts';
