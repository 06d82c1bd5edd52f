export { Modelyard } from './client.ts';
export { ModelyardError } from './error.ts';
export type { components, paths } from './generated/api.ts';
export type { ChatMessage, ChatRequest, Embeddings, JsonTensor, ModelMetadata, Usage } from './inference.ts';
export type { Tensor, TensorData } from './tensors.ts';
export type { BodyOf, ClientOptions, Method, ResultOf } from './request.ts';
