/** The mock upstream's answers, so that whoever checks them knows their bytes. */
export const MOCK_USAGE = { promptTokens: 24, cachedTokens: 0, completionTokens: 64 } as const;

const TEXT = 'The quick brown fox jumps over the lazy dog, and then it sits down to consider what a benchmark can and can not prove. '.repeat(3);

export const MOCK_ANSWER = JSON.stringify({
  id: 'chatcmpl-mock000000000000000000',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'bench',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT, refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: MOCK_USAGE.promptTokens, completion_tokens: MOCK_USAGE.completionTokens, total_tokens: MOCK_USAGE.promptTokens + MOCK_USAGE.completionTokens },
});

function event(delta: object, finish: string | null): string {
  const chunk = {
    id: 'chatcmpl-mock000000000000000000',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'bench',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export const CONTENT_EVENT = event({ content: ' token' }, null);
export const LAST_EVENT = event({}, 'stop');
export const COMMENTED_USAGE = JSON.stringify(MOCK_USAGE);
/** Beside its content events a stream has the last one and the terminator. */
export const EVENTS_BESIDE_CONTENT = 2;
