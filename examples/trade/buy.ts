import { ModelyardError } from '@modelyard/sdk';
import { makeExamples, rowsOf } from '../seed/data.ts';
import { say } from '../lib/page.ts';
import type { Parties } from './parties.ts';
import type { Sold } from './sell.ts';

const CALLS = 60;
const ROWS_A_CALL = 5;
const INPUTS = 1_000;
const TRIES_MAX = 5;

/** The consumer finds the model, tries it for nothing, tops up, sets itself a limit, and calls. @returns the id of one of the paid calls */
export async function buy({ url, operator, consumer }: Parties, { model, listing }: Sold): Promise<string> {
  const { client, org, key } = consumer;
  const found = await client.get('/api/v1/search', { query: { q: 'classifier tabular', limit: 5 } });
  say(`${org} searches "classifier tabular" and finds ${found.data.find(({ deployment }) => deployment === model)?.title} among ${found.total}`);

  const rows = rowsOf(await makeExamples(ROWS_A_CALL, 12), 0, ROWS_A_CALL);
  const call = (extra: Readonly<Record<string, string>> = {}) => patiently(() => infer({ url, key, model }, rows, extra));
  const trial = await client.post('/api/v1/subscriptions', { body: { listing, plan: 'trial' } });
  const statuses: number[] = [];
  for (let turn = 0; turn < 4; turn++) statuses.push((await call()).status);
  say(`on the trial plan its calls are answered ${statuses.join(', ')}: the fourth is beyond the quota`);
  await client.delete('/api/v1/subscriptions/{id}', { params: { id: trial.id } });

  await client.post('/api/v1/subscriptions', { body: { listing, plan: 'standard' } });
  say(`subscribed to the standard plan; without credit a call is ${(await call()).status}`);
  await operator.post('/api/v1/credits', { body: { id: `transfer-${org}`, org, amount: '5.00', note: 'bank transfer' } });
  const inThirtyDays = Date.now() + 30 * 86_400_000;
  const wallet = await operator.post('/api/v1/credits', { body: { id: `welcome-${org}`, org, amount: '0.10', given: true, expiresAt: inThirtyDays, note: 'welcome' } });
  await client.post('/api/v1/budgets', { body: { limit: '2.00', period: 'day' } });
  say(`the operator has credited a transfer of 5.00 and a gift of 0.10 that expires: ${wallet.available} to spend, at most 2.00 a day`);

  const answers = await Promise.all(Array.from({ length: CALLS - 1 }, () => call()));
  const refused = answers.filter(({ status }) => status !== 200);
  if (refused[0]) throw new Error(`${refused.length} of ${answers.length} calls were refused: ${refused[0].status} ${await refused[0].text()}`);
  const first = await call({ 'idempotency-key': 'order-1' });
  const again = await call({ 'idempotency-key': 'order-1' });
  const id = first.headers.get('x-modelyard-receipt') ?? '';
  const same = Buffer.from(await first.arrayBuffer()).equals(Buffer.from(await again.arrayBuffer()));
  say(`${CALLS} calls of ${ROWS_A_CALL} rows; one more with the same Idempotency-Key is answered with the same bytes (${same}) and charged once`);
  return id;
}

/** As good clients do: what is unavailable for the moment is asked for again, after as long as the answer says. */
async function patiently(call: () => Promise<Response>): Promise<Response> {
  for (let turn = 1; ; turn++) {
    const answer = await call();
    const seconds = Number(answer.headers.get('retry-after'));
    if (answer.status !== 503 || !(seconds > 0) || turn === TRIES_MAX) return answer;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  }
}

/** One call by the Open Inference Protocol, as any client makes it. */
function infer(
  { url, key, model }: { readonly url: string; readonly key: string; readonly model: string },
  rows: Float32Array,
  extra: Readonly<Record<string, string>>,
): Promise<Response> {
  const inputs = [{ name: 'hidden_input', datatype: 'FP32', shape: [rows.length / INPUTS, INPUTS], data: [...rows] }];
  return fetch(`${url}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...extra },
    body: JSON.stringify({ inputs }),
  });
}

/** Asks until it is there: what was called is posted a moment later. @throws ModelyardError when it is refused for another reason */
export async function soon<T>(ask: () => Promise<T>): Promise<T> {
  for (let turn = 0; ; turn++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ModelyardError) || error.code !== 'receipt_pending' || turn > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
