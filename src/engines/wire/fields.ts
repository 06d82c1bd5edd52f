import { invalid } from '../../contract/errors.ts';
import type { ChatMessage, GenerateRequest } from '../engine.ts';
import { isObject } from './body.ts';
import { toolCallsOf } from './tool-calls.ts';

/**
 * Readers of an OpenAI request's fields. The gateway has validated already; these make sure that nothing else that reaches
 * the socket can harm the engine. `null` counts as absent, as in OpenAI's own server.
 */
type Body = Readonly<Record<string, unknown>>;

const STOPS_MAX = 16;
const STOP_CHARACTERS_MAX = 1024;
const BIASES_MAX = 1024;
const MESSAGES_MAX = 4096;

function numberField(body: Body, name: string, { min, max, otherwise }: { min: number; max: number; otherwise: number }): number {
  const value = body[name] ?? otherwise;
  if (typeof value !== 'number' || !(value >= min && value <= max)) throw invalid(`"${name}" must be a number from ${min} to ${max}.`, name);
  return value;
}

export function wholeField(body: Body, name: string, min: number, max: number): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) throw invalid(`"${name}" must be a whole number from ${min} to ${max}.`, name);
  return value;
}

export function booleanField(body: Body, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== 'boolean') throw invalid(`"${name}" must be true or false.`, name);
  return value;
}

/** What is echoed as `model`. */
export function modelField(body: Body): string {
  if (typeof body.model !== 'string' || body.model === '') throw invalid('"model" must be a non-empty string.', 'model');
  return body.model;
}

function stopField(body: Body): string[] {
  const value = body.stop ?? [];
  const stops: unknown[] = Array.isArray(value) ? value : [value];
  if (stops.length > STOPS_MAX || !stops.every((stop) => typeof stop === 'string' && stop !== '' && stop.length <= STOP_CHARACTERS_MAX)) {
    throw invalid(`"stop" must be a non-empty string or a list of at most ${STOPS_MAX}, each of at most ${STOP_CHARACTERS_MAX} characters.`, 'stop');
  }
  return stops as string[];
}

function biasField(body: Body): Map<number, number> {
  const value = body.logit_bias ?? {};
  const entries = isObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.length > BIASES_MAX) throw invalid(`"logit_bias" must be an object of at most ${BIASES_MAX} entries.`, 'logit_bias');
  return new Map(
    entries.map(([key, bias]) => {
      if (!/^\d{1,9}$/u.test(key) || typeof bias !== 'number' || !(bias >= -100 && bias <= 100))
        throw invalid('"logit_bias" maps token ids to numbers from -100 to 100.', 'logit_bias');
      return [Number(key), bias];
    }),
  );
}

function formatField(body: Body): GenerateRequest['format'] {
  const format = body.response_format ?? { type: 'text' };
  if (isObject(format)) {
    if (format.type === 'text') return { type: 'text' };
    if (format.type === 'json_object') return { type: 'json' };
    if (format.type === 'json_schema') {
      const schema = isObject(format.json_schema) ? format.json_schema.schema : undefined;
      if (!isObject(schema)) throw invalid('"response_format.json_schema.schema" must be an object.', 'response_format.json_schema.schema');
      return { type: 'json_schema', schema };
    }
  }
  throw invalid('"response_format.type" must be "text", "json_object" or "json_schema".', 'response_format');
}

/** All that chat and completions have in common, but for the prompt, the token limit and log probabilities. */
export function samplingFields(body: Body): Omit<GenerateRequest, 'prompt' | 'maxTokens' | 'topLogprobs' | 'cacheSalt' | 'requestId'> {
  const seed = wholeField(body, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return {
    temperature: numberField(body, 'temperature', { min: 0, max: 2, otherwise: 1 }),
    topP: numberField(body, 'top_p', { min: 0, max: 1, otherwise: 1 }),
    frequencyPenalty: numberField(body, 'frequency_penalty', { min: -2, max: 2, otherwise: 0 }),
    presencePenalty: numberField(body, 'presence_penalty', { min: -2, max: 2, otherwise: 0 }),
    logitBias: biasField(body),
    ...(seed !== undefined && { seed }),
    stop: stopField(body),
    format: formatField(body),
  };
}

/** A parameter that would change the answer and isn't supported is refused, not ignored (C22). */
export function refuseUnsupported(body: Body, names: readonly string[]): void {
  for (const name of names) {
    const value = body[name] ?? undefined;
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw invalid(`"${name}" is not supported by this model's engine.`, name, 'unsupported_parameter');
  }
}

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;

/** Chat messages; content parts of type text are joined (C16), and `developer` is `system` (C28). */
export function messagesField(body: Body): ChatMessage[] {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > MESSAGES_MAX) throw invalid(`"messages" must be a list of 1 to ${MESSAGES_MAX} messages.`, 'messages');
  return messages.map((message: unknown, i) => {
    const at = `messages[${i}]`;
    if (!isObject(message)) throw invalid(`"${at}" must be an object.`, at);
    const role = ROLES.find((one) => one === message.role);
    if (role === undefined) throw invalid(`"${at}.role" must be one of ${ROLES.join(', ')}.`, `${at}.role`);
    const toolCalls = toolCallsOf(message.tool_calls, `${at}.tool_calls`);
    const toolCallId = message.tool_call_id;
    if (role === 'tool' && typeof toolCallId !== 'string') throw invalid(`"${at}.tool_call_id" must name the call that this answers.`, `${at}.tool_call_id`);
    return {
      role: role === 'developer' ? 'system' : role,
      content: contentOf(message.content, role, `${at}.content`),
      ...(toolCalls.length > 0 && { toolCalls }),
      ...(role === 'tool' && { toolCallId: toolCallId as string }),
    };
  });
}

function contentOf(content: unknown, role: string, at: string): string {
  if (typeof content === 'string') return content;
  if ((content === null || content === undefined) && role === 'assistant') return '';
  if (!Array.isArray(content)) throw invalid(`"${at}" must be a string or a list of content parts.`, at);
  return content
    .map((part: unknown, i) => {
      if (isObject(part) && part.type === 'text' && typeof part.text === 'string') return part.text;
      throw invalid(`"${at}[${i}]" must be a part of type "text".`, `${at}[${i}]`);
    })
    .join('');
}
