export { jobRoutes, JobSchema, jobView } from './routes.ts';
export { Jobs, type Report } from './service.ts';
