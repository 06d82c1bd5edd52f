import { checker, parseBody } from '../../../contract/check.ts';
import { CompletionRequest } from '../../../contract/openai.ts';
import type { DecodedRequest } from '../../call.ts';
import { openaiFaults } from '../openai-errors.ts';
import { checkStrictly } from '../strict.ts';
import { exactly, type InferRoute } from '../protocol.ts';

const PATH = '/v1/completions';
/** OpenAI's default for the legacy endpoint. */
const COMPLETION_TOKENS_DEFAULT = 16;
const check = checker(CompletionRequest);

export const completionsRoute: InferRoute = { kind: 'infer', method: 'POST', match: exactly(PATH), operation: 'completion', scope: 'inference', faults: openaiFaults, decode };

function decode(body: Buffer): DecodedRequest {
  const request = parseBody(body, check);
  const prompts = Array.isArray(request.prompt) && typeof request.prompt[0] !== 'number' ? request.prompt.length : 1;
  return {
    model: request.model,
    session: request.user ?? undefined,
    needs: 'completion',
    bounds: { promptTokens: body.length, completionTokens: request.max_tokens ?? COMPLETION_TOKENS_DEFAULT, answers: (request.n ?? 1) * prompts },
    work({ deployment }) {
      if (deployment.strict) checkStrictly(request);
      return { kind: 'forward', path: PATH, body, stream: request.stream === true, wantsUsage: request.stream_options?.include_usage === true };
    },
  };
}
