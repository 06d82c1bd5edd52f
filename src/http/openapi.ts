import { ChatRequest, CompletionRequest, EmbeddingRequest } from '../contract/openai.ts';

/** Adds the inference routes, which do not pass fastify, to the OpenAPI document. */
export function describeInference<T extends { paths?: unknown }>(document: T): T {
  return { ...document, paths: { ...(document.paths as object | undefined), ...INFERENCE_PATHS } };
}

const answer = (description: string) => ({ 200: { description, content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } } } });
const nameParameter = { name: 'model', in: 'path', required: true, schema: { type: 'string' }, description: 'name, org/name or name:VERSION' };

function post(operationId: string, summary: string, schema: unknown) {
  return {
    post: {
      operationId,
      summary,
      tags: ['inference'],
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: answer('the answer, or a stream of events'),
    },
  };
}

function get(operationId: string, summary: string, parameters: readonly unknown[] = []) {
  return { get: { operationId, summary, tags: ['inference'], ...(parameters.length > 0 && { parameters }), responses: answer(summary) } };
}

const InferRequest = {
  type: 'object',
  required: ['inputs'],
  properties: {
    id: { type: 'string' },
    inputs: { type: 'array', items: { type: 'object' } },
    outputs: { type: 'array', items: { type: 'object' } },
    parameters: { type: 'object' },
  },
};

const infer = post('infer', 'Run a tensor model (Open Inference Protocol v2, JSON or binary)', InferRequest);

const INFERENCE_PATHS = {
  '/v1/models': get('openaiListModels', 'Models that the key may call'),
  '/v1/models/{model}': get('openaiGetModel', 'One model', [nameParameter]),
  '/v1/chat/completions': post('createChatCompletion', 'Chat with a model', ChatRequest),
  '/v1/completions': post('createCompletion', 'Complete a text', CompletionRequest),
  '/v1/embeddings': post('createEmbedding', 'Vectors of texts', EmbeddingRequest),
  '/v2': get('serverMetadata', 'Name, version and extensions'),
  '/v2/models/{model}': get('modelMetadata', 'Signature of a model', [nameParameter]),
  '/v2/models/{model}/ready': get('modelReady', 'Whether a model is ready', [nameParameter]),
  '/v2/models/{model}/config': get('modelConfiguration', "A model's configuration, in Triton's form", [nameParameter]),
  '/v2/models/{model}/stats': get('modelStatistics', "What a model's calls have come to, in Triton's form", [nameParameter]),
  '/v2/models/stats': get('allStatistics', 'What the calls of all models of yours have come to'),
  '/v2/models/{model}/infer': { post: { ...infer.post, parameters: [nameParameter] } },
};

/** Shown at the head of `/docs`. */
export const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" width="150" height="32"><text x="0" y="23" font-family="sans-serif" font-size="22" font-weight="bold" fill="#fff">Modelyard</text></svg>';

/** A control route's schema with a group and a summary, made of its path and operation id: `createKey` → "Create key", under "keys". */
export function described<Schema extends object>(schema: Schema | undefined, url: string): Schema & { readonly tags: readonly string[]; readonly summary: string } {
  const known = (schema ?? {}) as Schema & { readonly operationId?: string };
  const [, group = 'operations'] = /^\/api\/v1\/([a-z]+)/.exec(url) ?? [];
  const words = (known.operationId ?? '').replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  return { ...known, tags: [group], summary: words.charAt(0).toUpperCase() + words.slice(1) };
}
