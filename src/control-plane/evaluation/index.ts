export type { GateSubject, GateVerdict } from './gate.ts';
export type { EvaluationTarget, Gateway, GatewayAnswer, GatewaySession } from './ports.ts';
export { evaluationRoutes } from './routes.ts';
export { evaluationRunRoutes } from './run-routes.ts';
export { EvaluationRuns } from './runs.ts';
export { Evaluation } from './service.ts';
