import { invalid } from '../../contract/errors.ts';
import type { Prompt, TextEngine } from '../engine.ts';
import { sendJson } from './answer.ts';
import { readObject } from './body.ts';
import type { WireHandler } from './context.ts';
import { messagesField } from './fields.ts';

/** `POST /tokenize` `{prompt}` or `{messages}` → `{tokens}`. */
export const handleTokenize: WireHandler<TextEngine> = async (engine, request, response, context) => {
  const body = await readObject(request, context.bodyBytesMax);
  let prompt: Prompt;
  if (typeof body.prompt === 'string') prompt = { type: 'text', text: body.prompt };
  else if (body.messages !== undefined) prompt = { type: 'messages', messages: messagesField(body) };
  else throw invalid('Send "prompt", a string, or "messages".', 'prompt');
  sendJson(response, 200, { tokens: await engine.tokenize(prompt) });
};
