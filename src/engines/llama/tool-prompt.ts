import type { ChatMessage } from '../engine.ts';
import { TOOL_CALL_CLOSE, TOOL_CALL_OPEN, type ToolCall, type ToolFunction, type ToolUse } from '../tools.ts';

/** A conversation as the template is given it. */
export interface ToolPrompt {
  readonly messages: readonly ChatMessage[];
  /** For a template that writes them itself; null: there are none, or the messages say it. */
  readonly tools: readonly unknown[] | null;
}

/** For a template that knows tools, what it expects; for all others, the same said in plain messages. */
export function toolPrompt(messages: readonly ChatMessage[], tools: ToolUse | undefined, isNative: boolean): ToolPrompt {
  if (isNative) return { messages, tools: tools ? tools.functions.map(declaration) : null };
  const told = messages.map(plainMessage);
  if (!tools) return { messages: told, tools: null };
  const [first, ...rest] = told;
  const instruction = instructionOf(tools);
  if (first?.role !== 'system') return { messages: [{ role: 'system', content: instruction }, ...told], tools: null };
  return { messages: [{ role: 'system', content: `${first.content}\n\n${instruction}` }, ...rest], tools: null };
}

/** Templates know OpenAI's form, with arguments as values. */
export function templateMessage({ role, content, toolCalls, toolCallId }: ChatMessage): Record<string, unknown> {
  return {
    role: role === 'developer' ? 'system' : role,
    content,
    ...(toolCalls && { tool_calls: toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: valueOf(text) } })) }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
}

function declaration({ name, description, parameters }: ToolFunction): unknown {
  return { type: 'function', function: { name, description, parameters } };
}

function instructionOf({ functions, mode }: ToolUse): string {
  const lines = functions.map((one) => JSON.stringify(declaration(one))).join('\n');
  const when = mode === 'required' ? 'Answer by calling one of them' : 'To call one, answer';
  return `You can call these functions:\n${lines}\n${when} with nothing but\n${TOOL_CALL_OPEN}\n{"name": <function name>, "arguments": <its arguments as JSON>}\n${TOOL_CALL_CLOSE}`;
}

/** In words: a model that was not trained on calls copies those that it sees in place of answering by their results. */
function plainMessage({ role, content, toolCalls }: ChatMessage): ChatMessage {
  if (role === 'tool') return { role: 'user', content: `The function returned: ${content}\nAnswer me in plain words with it.` };
  if (!toolCalls) return { role, content };
  return { role, content: [content, ...toolCalls.map(told)].filter((part) => part !== '').join('\n') };
}

function told({ name, arguments: text }: ToolCall): string {
  return `I ask the function ${name} with ${text}.`;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
