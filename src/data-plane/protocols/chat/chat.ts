import { checker, parseBody } from '../../../contract/check.ts';
import { invalid } from '../../../contract/errors.ts';
import { ChatRequest } from '../../../contract/openai.ts';
import type { DecodedRequest } from '../../call.ts';
import { openaiFaults } from '../openai-errors.ts';
import { checkStrictly } from '../strict.ts';
import { exactly, type InferRoute } from '../protocol.ts';

const PATH = '/v1/chat/completions';
const check = checker(ChatRequest);
export const chatRoute: InferRoute = { kind: 'infer', method: 'POST', match: exactly(PATH), operation: 'chat', scope: 'inference', faults: openaiFaults, decode };

function decode(body: Buffer): DecodedRequest {
  const request = parseBody(body, check);
  checkTools(request);
  if (typeof request.top_logprobs === 'number' && request.logprobs !== true) {
    throw invalid('"top_logprobs" needs "logprobs": true.', 'top_logprobs');
  }
  const perChoice = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  return {
    model: request.model,
    session: request.user ?? undefined,
    needs: 'chat',
    // Every token takes at least one byte of the body; a template may write schemas and arguments with a space after each of their marks.
    bounds: { promptTokens: hasTools(request) ? 2 * body.length : body.length, completionTokens: perChoice, answers: request.n ?? 1 },
    work({ deployment }) {
      if (deployment.strict) checkStrictly(request);
      return { kind: 'forward', path: PATH, body, stream: request.stream === true, wantsUsage: request.stream_options?.include_usage === true };
    },
  };
}

function hasTools({ tools, messages }: ChatRequest): boolean {
  return (tools?.length ?? 0) > 0 || messages.some(({ tool_calls: calls }) => (calls?.length ?? 0) > 0);
}

/** What a schema can not say. @throws Fault that names the field */
function checkTools({ tools, tool_choice: choice, messages }: ChatRequest): void {
  const names = (tools ?? []).map(({ function: { name } }) => name);
  if (new Set(names).size < names.length) throw invalid('"tools" names a function twice.', 'tools');
  if (typeof choice === 'object' && choice !== null && !names.includes(choice.function.name)) {
    throw invalid(`"tool_choice" names the function "${choice.function.name}", which is none of "tools".`, 'tool_choice');
  }
  if (choice === 'required' && names.length === 0) throw invalid('"tool_choice" is "required", and there are no "tools".', 'tool_choice');
  for (const [i, { role, content, tool_calls: calls, tool_call_id: answered }] of messages.entries()) {
    if (role === 'tool' && answered === undefined) throw invalid(`"messages[${i}].tool_call_id" must name the call that this answers.`, `messages[${i}].tool_call_id`);
    if (role !== 'assistant' && typeof content !== 'string' && !Array.isArray(content))
      throw invalid(`"messages[${i}].content" must be a string or a list of parts.`, `messages[${i}].content`);
    if (role !== 'assistant' && calls && calls.length > 0) throw invalid(`"messages[${i}].tool_calls" may stand in an assistant's message only.`, `messages[${i}].tool_calls`);
    if (role === 'assistant' && (content === null || content === undefined) && !(calls && calls.length > 0))
      throw invalid(`"messages[${i}]" has neither "content" nor "tool_calls".`, `messages[${i}].content`);
  }
}
