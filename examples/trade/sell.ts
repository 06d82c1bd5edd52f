import { createHash } from 'node:crypto';
import { makeExamples } from '../seed/data.ts';
import { defineModel } from '../seed/define-model.ts';
import { until } from '../seed/deploy-model.ts';
import { say } from '../lib/page.ts';
import type { Parties } from './parties.ts';

/** Of the currency: for a thousand rows, and for a thousand calls. */
export const RATES = { rows: '2.00', requests: '0.50' };
export const SHARE_BASIS_POINTS = 8_000;

export interface Sold {
  /** The deployment: what consumers call. */
  readonly model: string;
  readonly listing: string;
  readonly plan: string;
}

/** The publisher trains a model, uploads, deploys and lists it with two plans; the operator approves the listing and says how revenue is shared. */
export async function sell({ operator, publisher: { org, client } }: Parties): Promise<Sold> {
  const { files, parameters } = await defineModel(await makeExamples(1_000, 11), 2);
  const uploaded: { path: string; digest: string }[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await client.uploads.send(digest, new Blob([bytes]));
    uploaded.push({ path, digest });
  }
  const model = `${org}/classifier`;
  await client.post('/api/v1/models', { body: { name: model, files: uploaded, licence: 'MIT', batching: { maxBatchSize: 32 } } });
  await client.post('/api/v1/deployments', { body: { model, minReplicas: 1, maxReplicas: 1, threads: 1 } });
  await until(async () => (await client.get('/api/v1/deployments/{name}', { params: { name: model } })).revisions.some(({ state }) => state === 'ready'));
  say(`${org} has trained ${model} (${parameters.toLocaleString('en')} parameters), published and deployed it`);

  const { id: listing } = await client.post('/api/v1/listings', {
    body: { deployment: model, title: 'Ten-class classifier', summary: 'A thousand numbers in, ten probabilities out.', tags: ['tabular', 'small'], visibility: 'public' },
  });
  const at = { params: { id: listing } };
  await client.post('/api/v1/listings/{id}/plans', { ...at, body: { name: 'trial', kind: 'free', quota: { unit: 'requests', amount: 3, period: 'day' } } });
  const { id: plan } = await client.post('/api/v1/listings/{id}/plans', { ...at, body: { name: 'standard', kind: 'pay_per_use', rates: RATES } });
  await client.post('/api/v1/listings/{id}/submit', { ...at, body: {} });
  say(`listed with a free trial of 3 calls a day, and at ${RATES.rows} per 1,000 rows and ${RATES.requests} per 1,000 calls`);
  await operator.post('/api/v1/listings/{id}/approve', { ...at, body: { publisherShareBasisPoints: SHARE_BASIS_POINTS } });
  say(`the operator has approved it: ${SHARE_BASIS_POINTS / 100} % of what is charged is the publisher's`);
  return { model, listing, plan };
}
