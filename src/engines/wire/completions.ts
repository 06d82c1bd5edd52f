import { invalid } from '../../contract/errors.ts';
import type { GenerateRequest, Prompt, TextEngine, TokenLogprob } from '../engine.ts';
import { isObject, readObject } from './body.ts';
import { withSeed } from './chat.ts';
import type { Choice } from './choices.ts';
import type { WireContext, WireHandler } from './context.ts';
import { booleanField, modelField, refuseUnsupported, samplingFields, wholeField } from './fields.ts';
import { promptsField } from './prompts.ts';
import { respond, type Voice } from './respond.ts';

const N_MAX = 128;
const LOGPROBS_MAX = 5;
const CHOICES_MAX = 512;
/** OpenAI's default for this endpoint. */
const MAX_TOKENS_DEFAULT = 16;

/** `POST /v1/completions`, the legacy form. */
export const handleCompletions: WireHandler<TextEngine> = async (engine, request, response, context) => {
  const body = await readObject(request, context.bodyBytesMax);
  refuseUnsupported(body, ['suffix']);
  const prompts = promptsField(body.prompt ?? undefined, 'prompt');
  const n = wholeField(body, 'n', 1, N_MAX) ?? 1;
  if ((wholeField(body, 'best_of', 1, N_MAX) ?? n) !== n) throw invalid('"best_of" other than "n" is not supported.', 'best_of', 'unsupported_parameter');
  if (prompts.length * n > CHOICES_MAX) throw invalid(`A call may ask for at most ${CHOICES_MAX} completions; this one asks for ${prompts.length * n}.`, 'n');
  const topLogprobs = wholeField(body, 'logprobs', 0, LOGPROBS_MAX);
  const echo = booleanField(body, 'echo');
  if (echo && topLogprobs !== undefined) throw invalid('"echo" together with "logprobs" is not supported.', 'echo', 'unsupported_parameter');
  const common: Omit<GenerateRequest, 'prompt'> = {
    ...samplingFields(body),
    maxTokens: wholeField(body, 'max_tokens', 0, 2 ** 31) ?? MAX_TOKENS_DEFAULT,
    ...(topLogprobs !== undefined && { topLogprobs }),
    cacheSalt: context.cacheSalt,
    requestId: context.requestId,
  };
  const choices: Choice[] = prompts.flatMap((prompt, promptIndex) =>
    Array.from({ length: n }, (_, i) => ({ index: promptIndex * n + i, promptIndex, request: withSeed({ ...common, prompt }, i) })),
  );
  await respond(
    engine,
    {
      choices,
      stream: booleanField(body, 'stream'),
      includeUsage: isObject(body.stream_options) && booleanField(body.stream_options, 'include_usage'),
      voice: completionVoice(
        modelField(body),
        prompts.map((prompt) => (echo ? echoed(prompt) : '')),
        topLogprobs !== undefined,
        context,
      ),
    },
    response,
    context,
  );
};

function echoed(prompt: Prompt): string {
  if (prompt.type !== 'text') throw invalid('"echo" needs a prompt of text, not of tokens.', 'echo', 'unsupported_parameter');
  return prompt.text;
}

function completionVoice(model: string, echoes: readonly string[], wantsLogprobs: boolean, { requestId, clock }: WireContext): Voice {
  const offsets = new Map<number, number>();
  const logprobs = (index: number, tokens: readonly TokenLogprob[] | undefined): unknown => {
    if (!wantsLogprobs || tokens === undefined) return null;
    const { value, end } = legacyLogprobs(tokens, offsets.get(index) ?? 0);
    offsets.set(index, end);
    return value;
  };
  return {
    head: { id: `cmpl-${requestId}`, created: Math.floor(clock.now() / 1000), model },
    object: 'text_completion',
    chunkObject: 'text_completion',
    open: ({ index, promptIndex }) => (echoes[promptIndex] ? [{ index, text: echoes[promptIndex], logprobs: null, finish_reason: null }] : []),
    piece: ({ index }, { text, tokens }) => [{ index, text, logprobs: logprobs(index, tokens), finish_reason: null }],
    close: ({ index }, finish) => [{ index, text: '', logprobs: null, finish_reason: finish }],
    whole: ({ index, promptIndex }, { text, tokens, finish }) => ({ index, text: (echoes[promptIndex] ?? '') + text, logprobs: logprobs(index, tokens), finish_reason: finish }),
  };
}

function legacyLogprobs(tokens: readonly TokenLogprob[], start: number): { value: unknown; end: number } {
  let end = start;
  const textOffset = tokens.map(({ token }) => {
    const offset = end;
    end += token.length;
    return offset;
  });
  return {
    end,
    value: {
      tokens: tokens.map(({ token }) => token),
      token_logprobs: tokens.map(({ logprob }) => logprob),
      top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
      text_offset: textOffset,
    },
  };
}
