export { evaluationRoutes } from './routes.ts';
export { Evaluation } from './service.ts';
