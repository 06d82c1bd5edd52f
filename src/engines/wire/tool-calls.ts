import { invalid } from '../../contract/errors.ts';
import type { ToolCall } from '../tools.ts';
import { isObject } from './body.ts';

/** The calls of an assistant's message in a conversation. */
export function toolCallsOf(value: unknown, at: string): ToolCall[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`"${at}" must be a list.`, at);
  return value.map((call: unknown, i) => {
    const of = isObject(call) && isObject(call.function) ? call.function : {};
    if (!isObject(call) || typeof call.id !== 'string' || typeof of.name !== 'string' || typeof of.arguments !== 'string')
      throw invalid(`"${at}[${i}]" must have an "id" and a "function" with "name" and "arguments", which are strings.`, `${at}[${i}]`);
    return { id: call.id, name: of.name, arguments: of.arguments };
  });
}
