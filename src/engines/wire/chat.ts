import { invalid } from '../../contract/errors.ts';
import type { GenerateRequest, TextEngine } from '../engine.ts';
import { isObject, readObject } from './body.ts';
import type { Choice } from './choices.ts';
import type { WireContext, WireHandler } from './context.ts';
import { booleanField, messagesField, modelField, refuseUnsupported, samplingFields, wholeField } from './fields.ts';
import { chatVoice } from './chat-voice.ts';
import { respond } from './respond.ts';
import { toolsField } from './tool-fields.ts';

const N_MAX = 128;
const TOP_LOGPROBS_MAX = 20;
const UNSUPPORTED = ['functions', 'audio', 'web_search_options', 'prediction'];

/** `POST /v1/chat/completions`. */
export const handleChat: WireHandler<TextEngine> = async (engine, request, response, context) => {
  const body = await readObject(request, context.bodyBytesMax);
  const generate = chatRequest(body, context);
  const n = wholeField(body, 'n', 1, N_MAX) ?? 1;
  const choices: Choice[] = Array.from({ length: n }, (_, index) => ({ index, promptIndex: 0, request: withSeed(generate, index) }));
  await respond(
    engine,
    {
      choices,
      stream: booleanField(body, 'stream'),
      includeUsage: isObject(body.stream_options) && booleanField(body.stream_options, 'include_usage'),
      voice: chatVoice(
        { model: modelField(body), wantsLogprobs: generate.topLogprobs !== undefined, hasTools: generate.tools !== undefined, answersInJson: generate.format.type !== 'text' },
        context,
      ),
    },
    response,
    context,
  );
};

/** Equal seeds would make n equal choices. */
export function withSeed(request: GenerateRequest, index: number): GenerateRequest {
  return request.seed === undefined || index === 0 ? request : { ...request, seed: request.seed + (request.seed > 0 ? -index : index) };
}

function chatRequest(body: Record<string, unknown>, { cacheSalt, requestId }: WireContext): GenerateRequest {
  refuseUnsupported(body, UNSUPPORTED);
  const tools = toolsField(body);
  const sampling = samplingFields(body);
  const maxTokens = wholeField(body, 'max_completion_tokens', 0, 2 ** 31) ?? wholeField(body, 'max_tokens', 0, 2 ** 31);
  const topLogprobs = wholeField(body, 'top_logprobs', 0, TOP_LOGPROBS_MAX);
  const wantsLogprobs = booleanField(body, 'logprobs');
  if (topLogprobs !== undefined && !wantsLogprobs) throw invalid('"top_logprobs" needs "logprobs": true.', 'top_logprobs');
  return {
    ...sampling,
    ...(tools && { tools }),
    prompt: { type: 'messages', messages: messagesField(body) },
    ...(maxTokens !== undefined && { maxTokens }),
    ...(wantsLogprobs && { topLogprobs: topLogprobs ?? 0 }),
    cacheSalt,
    requestId,
  };
}
