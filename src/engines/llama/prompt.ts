import { randomUUID } from 'node:crypto';
import type { LlamaModel, Token } from 'node-llama-cpp';
import { Fault, invalid } from '../../contract/errors.ts';
import type { ChatMessage, Prompt } from '../engine.ts';
import type { ToolUse } from '../tools.ts';
import type { ChatTemplate } from './chat-template.ts';
import { templateMessage, toolPrompt, type ToolPrompt } from './tool-prompt.ts';

/** No vocabulary packs more characters than this into a token on average: longer prompts are refused before they are tokenised. */
const CHARACTERS_PER_TOKEN_MAX = 64;

export interface Prompts {
  /** Token ids as the model sees them, the beginning-of-sequence token included where the model wants it. */
  tokens(prompt: Prompt, tools?: ToolUse): Promise<Token[]>;
}

export function createPrompts(model: LlamaModel, template: ChatTemplate | undefined, contextTokens: number): Prompts {
  const charactersMax = contextTokens * CHARACTERS_PER_TOKEN_MAX;
  return {
    async tokens(prompt, tools) {
      if (prompt.type === 'tokens') return checkedIds(model, prompt.tokens);
      const characters = prompt.type === 'text' ? prompt.text.length : charactersOf(prompt.messages, tools);
      if (characters > charactersMax) throw tooLong(`about ${Math.ceil(characters / 4)}`, contextTokens);
      const tokens =
        prompt.type === 'text' ? model.tokenize(prompt.text, false) : await chatTokens(model, template, toolPrompt(prompt.messages, tools, template?.isToolNative ?? false));
      return withBos(model, tokens);
    },
  };
}

function charactersOf(messages: readonly ChatMessage[], tools: ToolUse | undefined): number {
  const calls = (message: ChatMessage): number => (message.toolCalls ?? []).reduce((sum, { name, arguments: text }) => sum + name.length + text.length, 0);
  return messages.reduce((sum, message) => sum + message.content.length + calls(message), tools === undefined ? 0 : JSON.stringify(tools.functions).length);
}

/** A prompt must leave room for one token of an answer. */
export function assertFits(tokens: readonly Token[], contextTokens: number): void {
  if (tokens.length === 0) throw invalid('The prompt has no tokens.', 'prompt', 'empty_prompt');
  if (tokens.length >= contextTokens) throw tooLong(String(tokens.length), contextTokens);
}

export function tooLong(count: string, contextTokens: number): Fault {
  return new Fault('invalid_argument', 'context_length_exceeded', `This model's context is ${contextTokens} tokens, and the input has ${count}; please shorten it.`, {
    param: 'messages',
  });
}

function checkedIds(model: LlamaModel, ids: readonly number[]): Token[] {
  const size = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= size);
  if (wrong !== undefined) throw invalid(`Token ${wrong} is not in the vocabulary of ${size} tokens.`, 'prompt');
  return ids.map((id) => id as Token);
}

function withBos(model: LlamaModel, tokens: Token[]): Token[] {
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
}

/**
 * Renders the chat template twice: with the contents, and with a random mark in place of each. The second shows which
 * control tokens are the template's own. If the contents add none, the whole text is tokenised as it is; if they do, it is
 * tokenised in pieces, the contents without control tokens; where the template changes contents, such a text is refused.
 */
async function chatTokens(model: LlamaModel, template: ChatTemplate | undefined, { messages, tools }: ToolPrompt): Promise<Token[]> {
  if (template === undefined) throw invalid('This model has no chat template; use the completions endpoint.', 'messages', 'no_chat_template');
  const nonce = randomUUID().replaceAll('-', '');
  const marked = messages.map((message, i) => ({ ...message, content: `${nonce}${i}x` }));
  // Both renderings have these, so that the comparison below would not see their control tokens.
  assertNoControl(model, tools ?? [], 'tools');
  assertNoControl(
    model,
    messages.flatMap(({ toolCalls = [], toolCallId }) => [...toolCalls, toolCallId]),
    'messages',
  );
  const [plain = '', outline = ''] = await template.render([variables(model, { messages, tools }), variables(model, { messages: marked, tools })]);
  const tokens = model.tokenize(plain, true);
  if (controlCount(model, tokens) === controlCount(model, model.tokenize(outline, true))) return tokens;
  const pieces = piecesOf(outline, nonce, messages, plain);
  if (pieces === undefined) throw invalid("A message contains text that is one of the model's control tokens.", 'messages', 'control_token_in_content');
  return pieces.flatMap(({ text, isContent }) => model.tokenize(text, !isContent));
}

function assertNoControl(model: LlamaModel, values: readonly unknown[], param: 'tools' | 'messages'): void {
  if (values.length === 0 || controlCount(model, model.tokenize(JSON.stringify(values), true)) === 0) return;
  const what = param === 'tools' ? 'A tool' : 'A call in the messages';
  throw invalid(`${what} contains text that is one of the model's control tokens.`, param, 'control_token_in_content');
}

function variables(model: LlamaModel, { messages, tools }: ToolPrompt): Record<string, unknown> {
  return {
    messages: messages.map(templateMessage),
    add_generation_prompt: true,
    bos_token: model.tokens.bosString ?? '',
    eos_token: model.tokens.eosString ?? '',
    tools,
  };
}

function controlCount(model: LlamaModel, tokens: readonly Token[]): number {
  return tokens.reduce((count, token) => count + (model.isSpecialToken(token) ? 1 : 0), 0);
}

interface TextPiece {
  readonly text: string;
  readonly isContent: boolean;
}

/** The outline cut at its marks, with the contents filled in; undefined where that is not what the template wrote. */
export function piecesOf(outline: string, nonce: string, messages: readonly ChatMessage[], plain: string): TextPiece[] | undefined {
  const parts = outline.split(new RegExp(`${nonce}(\\d+)x`, 'u'));
  for (const change of [(text: string) => text, (text: string) => text.trim()]) {
    const pieces = parts.map((part, i) => (i % 2 === 0 ? { text: part, isContent: false } : { text: change(messages[Number(part)]?.content ?? ''), isContent: true }));
    if (pieces.map(({ text }) => text).join('') === plain) return pieces;
  }
  return undefined;
}
