import { checker, parseBody } from '../../../contract/check.ts';
import { EmbeddingRequest } from '../../../contract/openai.ts';
import type { DecodedRequest } from '../../call.ts';
import { openaiFaults } from '../openai-errors.ts';
import { exactly, type InferRoute } from '../protocol.ts';

const PATH = '/v1/embeddings';
const check = checker(EmbeddingRequest);

export const embeddingsRoute: InferRoute = { kind: 'infer', method: 'POST', match: exactly(PATH), operation: 'embedding', scope: 'inference', faults: openaiFaults, decode };

function decode(body: Buffer): DecodedRequest {
  const request = parseBody(body, check);
  return {
    model: request.model,
    session: request.user ?? undefined,
    needs: 'embedding',
    bounds: { promptTokens: body.length, completionTokens: 0, answers: 0 },
    work: () => ({ kind: 'forward', path: PATH, body, stream: false }),
  };
}
