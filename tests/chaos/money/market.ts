import type { Harness } from '../../harness.ts';
import type { Buyer } from './traffic.ts';

/** What is sold in a run, and to whom. */
export interface Market {
  readonly model: string;
  readonly buyers: readonly Buyer[];
  /** The organisation whose balance is small and topped up on the way. */
  readonly poor: string;
}

const RATES = { input_tokens: '0.15', cached_tokens: '0.013', output_tokens: '0.600003', requests: '0.7' };

/** A publisher's model with a price; a rich buyer, a poor one whose every call may be its last, and the publisher itself, who pays nothing. */
export async function openMarket(harness: Harness): Promise<Market> {
  const model = 'seller/echo';
  for (const name of ['seller', 'rich', 'poor']) await post(harness, '/api/v1/orgs', { name });
  await harness.deployEcho(model, { slots: 16 });
  const seller = await keyOf(harness, 'seller', 'publisher');
  const listing = (await post(harness, '/api/v1/listings', { deployment: model, title: 'Echo', summary: 'Says it again.', visibility: 'public' }, seller)) as { id: string };
  await post(harness, `/api/v1/listings/${listing.id}/plans`, { name: 'standard', kind: 'pay_per_use', rates: RATES }, seller);
  await post(harness, `/api/v1/listings/${listing.id}/submit`, {}, seller);
  await post(harness, `/api/v1/listings/${listing.id}/approve`, {});
  const buyers: Buyer[] = [{ key: seller, model, isPaid: false }];
  for (const [org, amount] of [
    ['rich', '1000'],
    ['poor', '0.02'],
  ] as const) {
    await post(harness, '/api/v1/credits', { id: `first-${org}`, org, amount });
    const key = await keyOf(harness, org, 'consumer');
    await post(harness, '/api/v1/subscriptions', { listing: listing.id }, key);
    buyers.push({ key, model, isPaid: true });
  }
  return { model, buyers, poor: 'poor' };
}

/** A model of the platform's own: calls are recorded, and cost nothing. */
export async function openUnpriced(harness: Harness): Promise<Market> {
  await harness.deployEcho('echo', { slots: 16 });
  return { model: 'echo', buyers: [{ key: harness.key, model: 'echo', isPaid: false }], poor: 'platform' };
}

async function keyOf(harness: Harness, org: string, role: string): Promise<string> {
  return ((await post(harness, '/api/v1/keys', { name: `${org}-${role}`, org, role })) as { key: string }).key;
}

async function post(harness: Harness, path: string, body: unknown, key?: string): Promise<unknown> {
  const response = await harness.call(path, { body, ...(key !== undefined && { key }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
