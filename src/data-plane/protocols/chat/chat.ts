import { checker, parseBody } from '../../../contract/check.ts';
import { invalid } from '../../../contract/errors.ts';
import { ChatRequest } from '../../../contract/openai.ts';
import type { DecodedRequest } from '../../call.ts';
import { openaiFaults } from '../openai-errors.ts';
import { exactly, type InferRoute } from '../protocol.ts';

const PATH = '/v1/chat/completions';
const check = checker(ChatRequest);
/** Until tool calls are built, they are refused by name. */
const TOOL_FIELDS = ['tools', 'tool_choice', 'parallel_tool_calls', 'functions', 'function_call'] as const;

export const chatRoute: InferRoute = { kind: 'infer', method: 'POST', match: exactly(PATH), operation: 'chat', scope: 'inference', faults: openaiFaults, decode };

function decode(body: Buffer): DecodedRequest {
  const request = parseBody(body, (value) => check(withoutTools(value)));
  if (typeof request.top_logprobs === 'number' && request.logprobs !== true) {
    throw invalid('"top_logprobs" needs "logprobs": true.', 'top_logprobs');
  }
  const perChoice = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  return {
    model: request.model,
    session: request.user ?? undefined,
    needs: 'chat',
    // Every token takes at least one byte of the body.
    bounds: { promptTokens: body.length, completionTokens: perChoice, answers: request.n ?? 1 },
    work: () => ({ kind: 'forward', path: PATH, body, stream: request.stream === true, wantsUsage: request.stream_options?.include_usage === true }),
  };
}

function withoutTools(value: unknown): unknown {
  const request = value as Record<string, unknown>;
  let isGiven = false;
  for (const field of TOOL_FIELDS) {
    if (request[field] === undefined) continue;
    isGiven = true;
    if (request[field] !== null) {
      throw invalid(`"${field}" is not supported yet: this server makes no tool calls. Leave it out.`, field, 'unsupported_parameter');
    }
  }
  if (!isGiven) return value;
  return Object.fromEntries(Object.entries(request).filter(([field]) => !(TOOL_FIELDS as readonly string[]).includes(field)));
}
