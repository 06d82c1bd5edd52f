export { createEchoEngine } from './echo-engine.ts';
export { createEchoTensorEngine } from './echo-tensor-engine.ts';
export { withTruth } from './truth.ts';
