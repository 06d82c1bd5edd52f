import { expect, test } from 'vitest';
import { chatBody, startHarness } from '../harness.ts';

test('a chat call is answered, streamed and not, and has its usage row', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('echo');
  const whole = await modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'hello there') });
  expect(whole.status).toBe(200);
  const answer = (await whole.json()) as { choices: { message: { content: string } }[] };
  expect(answer.choices[0]?.message.content).toBe('hello there');
  const streamed = await modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'hello there', { stream: true }) });
  const text = await streamed.text();
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(text).not.toContain('modelyard-usage');
  await expect
    .poll(async () => ((await (await modelyard.call('/api/v1/usage')).json()) as { data: unknown[] }).data)
    .toMatchObject([{ group: 'echo', calls: 2, failed: 0, completionTokens: 4, rows: 0 }]);
});
