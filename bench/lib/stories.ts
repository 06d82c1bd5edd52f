import type { LoadOrder } from './load-order.ts';

const STORY_TOKENS = 64;
const TOPICS = ['the sea', 'a mountain village', 'an old clock', 'two brothers', 'a lost letter', 'the first snow', 'a night train', 'a garden in June'];

/** Streams of a real language model, every one with a prompt of its own; the same on each run. */
export function storyLoad({
  port,
  streams,
  key = 'bench',
  model,
}: {
  readonly port: number;
  readonly streams: number;
  readonly key?: string;
  readonly model: string;
}): Omit<LoadOrder, 'seconds'> {
  const bodies = Array.from({ length: streams }, (_, index) =>
    JSON.stringify({
      model,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      max_tokens: STORY_TOKENS,
      messages: [{ role: 'user', content: `Write a long story about ${TOPICS[index % TOPICS.length]}, part ${index + 1}. Begin at once and do not stop.` }],
    }),
  );
  return {
    origin: `http://127.0.0.1:${port}`,
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    bodies,
    concurrency: streams,
    expect: { contains: ['data: [DONE]', '"completion_tokens":'] },
  };
}
