import { request } from 'node:http';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { paint } from '../terminal.ts';

export const MODEL = 'smollm2-135m-instruct';
const QUESTION = 'What is the capital of France?';
const MESSAGES = [
  { role: 'system', content: 'You are a helpful assistant. Answer in one short sentence.' },
  { role: 'user', content: QUESTION },
];

export interface FirstCall {
  readonly url: string;
  readonly key: string;
  readonly credentials: string;
}

/** Asks the starter model a question through the gateway, as any client would. Returns what to tell the person. */
export async function firstCall({ url, key, credentials }: FirstCall): Promise<string> {
  const body = JSON.stringify({ model: MODEL, messages: MESSAGES, temperature: 0, max_tokens: 40 });
  const started = systemClock.monotonic();
  const answer = await post(`${url}/v1/chat/completions`, key, body);
  const ms = Math.round(systemClock.monotonic() - started);
  const { choices, usage } = JSON.parse(answer) as { choices: { message: { content: string } }[]; usage: { prompt_tokens: number; completion_tokens: number } };
  return [
    '',
    `${paint('bold', 'Q')}  ${QUESTION}`,
    `${paint(['bold', 'green'], 'A')}  ${choices[0]?.message.content.trim() ?? ''}`,
    paint('dim', `   ${MODEL}, ${ms} ms, ${usage.prompt_tokens} prompt + ${usage.completion_tokens} answer tokens, metered`),
    '',
    `API       ${url}/v1 (OpenAI), ${url}/v2 (Open Inference Protocol), docs at ${url}/docs`,
    `Key       in ${credentials} (the operator's: keep it to yourself)`,
    'Try       npx modelyard chat',
    `          curl ${url}/v1/chat/completions -H "Authorization: Bearer $(sed -n 's/.*"key": "\\(.*\\)".*/\\1/p' ${credentials})" \\`,
    `            -H 'Content-Type: application/json' -d '{"model":"${MODEL}","messages":[{"role":"user","content":"Hello!"}]}'`,
    '',
  ].join('\n');
}

function post(url: string, key: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Fault('internal', 'first_call_failed', `The first call was answered with status ${response.statusCode}: ${text.slice(0, 500)}`));
      });
    });
    call.once('error', reject);
    call.end(body);
  });
}
