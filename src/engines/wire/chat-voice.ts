import type { Generation, TokenLogprob } from '../engine.ts';
import type { WireContext } from './context.ts';
import type { Voice } from './respond.ts';
import { collectingReader, ToolReader } from './tool-reader.ts';

export interface ChatVoiceOptions {
  readonly model: string;
  readonly wantsLogprobs: boolean;
  /** The model may call functions: what it writes is read for calls. */
  readonly hasTools: boolean;
  /** What is not a call is JSON. */
  readonly answersInJson: boolean;
}

type Tokens = readonly TokenLogprob[] | undefined;

/** How chat completions are said, frame by frame or whole. */
export function chatVoice({ model, wantsLogprobs, hasTools, answersInJson }: ChatVoiceOptions, context: WireContext): Voice {
  const { requestId, clock } = context;
  const logprobs = (tokens: Tokens): unknown => (wantsLogprobs ? { content: (tokens ?? []).map(entry), refusal: null } : null);
  const chunk = (index: number, delta: unknown, finish: string | null, tokens?: Tokens): unknown => ({
    index,
    delta,
    logprobs: tokens === undefined ? null : logprobs(tokens),
    finish_reason: finish,
  });
  const common = {
    head: { id: `chatcmpl-${requestId}`, created: Math.floor(clock.now() / 1000), model },
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
  };
  if (hasTools) return { ...common, ...toolVoice({ requestId, answersInJson }, chunk, logprobs) };
  return {
    ...common,
    open: ({ index }) => [chunk(index, { role: 'assistant', content: '' }, null)],
    piece: ({ index }, { text, tokens }) => [chunk(index, { content: text }, null, tokens)],
    close: ({ index }, finish) => [chunk(index, {}, finish)],
    whole: ({ index }, { text, tokens, finish }) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: logprobs(tokens),
      finish_reason: finish,
    }),
  };
}

type Chunk = (index: number, delta: unknown, finish: string | null, tokens?: Tokens) => unknown;

/** One choice's answer as it is read: what is to be said of it next, and the tokens that no frame had yet. */
interface Reading {
  readonly reader: ToolReader;
  readonly deltas: object[];
  readonly tokens: TokenLogprob[];
}

/** An answer that is text, or calls, or calls after a text (C23 to C27). */
function toolVoice(
  { requestId, answersInJson }: { readonly requestId: string; readonly answersInJson: boolean },
  chunk: Chunk,
  logprobs: (tokens: Tokens) => unknown,
): Pick<Voice, 'open' | 'piece' | 'close' | 'whole'> {
  const readers = new Map<number, Reading>();
  const callId = (choice: number, call: number) => `call_${requestId.replace(/^req_/, '')}_${choice}_${call}`;
  const readerOf = (index: number) => {
    const known = readers.get(index);
    if (known) return known;
    const made: Reading = {
      reader: new ToolReader(
        {
          text: (content) => made.deltas.push({ content }),
          call: (call, name) => made.deltas.push({ tool_calls: [{ index: call, id: callId(index, call), type: 'function', function: { name, arguments: '' } }] }),
          argument: (call, fragment) => made.deltas.push({ tool_calls: [{ index: call, function: { arguments: fragment } }] }),
        },
        { answersInJson },
      ),
      deltas: [],
      tokens: [],
    };
    readers.set(index, made);
    return made;
  };
  /** Log probabilities belong to the text; those of a piece that is held back go with the next that is not. */
  const taken = (index: number): unknown[] => {
    const { deltas, tokens } = readerOf(index);
    return deltas.splice(0).map((delta) => chunk(index, delta, null, 'content' in delta && tokens.length > 0 ? tokens.splice(0) : undefined));
  };
  return {
    open: ({ index }) => [chunk(index, { role: 'assistant', content: null }, null)],
    piece({ index }, { text, tokens }) {
      const reading = readerOf(index);
      reading.tokens.push(...(tokens ?? []));
      reading.reader.push(text);
      return taken(index);
    },
    close({ index }, finish) {
      const { reader } = readerOf(index);
      reader.end();
      return [...taken(index), chunk(index, {}, finishOf(reader, finish))];
    },
    whole({ index }, { text, tokens, finish }) {
      const { reader, found } = collectingReader({ answersInJson });
      reader.push(text);
      reader.end();
      const { text: content, calls } = found;
      if (calls.length === 0) return { index, message: { role: 'assistant', content, refusal: null }, logprobs: logprobs(tokens), finish_reason: finish };
      const made = calls.map((call, i) => ({ id: callId(index, i), type: 'function', function: call }));
      return {
        index,
        message: { role: 'assistant', content: content === '' ? null : content, refusal: null, tool_calls: made },
        logprobs: null,
        finish_reason: finishOf(reader, finish),
      };
    },
  };
}

/** One that ran out of tokens in the middle of a call says so. */
function finishOf({ calls }: ToolReader, finish: Generation['finish']): string {
  return calls > 0 && finish === 'stop' ? 'tool_calls' : finish;
}

function entry({ token, bytes, logprob, top }: TokenLogprob): unknown {
  return { token, bytes, logprob, top_logprobs: top };
}
