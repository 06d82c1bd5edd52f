import type { Harness } from '../../harness.ts';
import type { PriceChange } from './evidence.ts';
import type { Buyer } from './exchange.ts';

/** What is sold in a run, and to whom. */
export interface Market {
  readonly models: readonly string[];
  readonly buyers: readonly Buyer[];
  /** The organisation whose balance is small and topped up on the way. */
  readonly poor: string;
  /** What is changed on the way; undefined: nothing. */
  readonly terms: Terms | undefined;
  /** The prices that contracts have begun with. */
  readonly changes: readonly PriceChange[];
}

/** What can be changed while calls go on. */
export interface Terms {
  /** The publisher's key, and the plan whose price it changes. */
  readonly seller: string;
  readonly plan: string;
  /** Contracts by that plan, with the keys that may accept for them. */
  readonly contracts: readonly { readonly subscription: string; readonly key: string }[];
  /** Budgets whose limits are raised, with what they begin with, in micro-units. */
  readonly budgets: readonly { readonly id: string; readonly limit: bigint }[];
  /** Who calls by the key that is rotated, and its id. */
  readonly rotated: { readonly buyer: Buyer; readonly keyId: string };
}

export const RATES = { input_tokens: '0.15', cached_tokens: '0.013', output_tokens: '0.600003', requests: '0.7' };
const VECTOR_RATES = { input_tokens: '0.31', requests: '0.9' };
const TENSOR_RATES = { rows: '1.300007', bytes: '0.21', compute_ms: '3.7' };
const ROW = { datatype: 'FP32' as const, shape: [-1, 2] };
const SIGNATURE = { inputs: [{ name: 'x', ...ROW }], outputs: [{ name: 'y', ...ROW }] };

interface Made {
  readonly id: string;
}

interface Plan extends Made {
  readonly listing: string;
  readonly name: string;
}

/**
 * A publisher's models with prices, and who calls them: a rich buyer of all three kinds, with a budget that only alerts; a poor one whose every call may be its last; one with
 * a hard budget, and in it a key with one of its own; one on a free plan with a quota; and the publisher itself, who pays nothing.
 *
 * @param quota requests of the free plan
 */
export async function openMarket(harness: Harness, quota: number): Promise<Market> {
  const ids = new Map<string, string>();
  for (const name of ['seller', 'rich', 'poor', 'capped', 'free']) ids.set(name, (await post<Made>(harness, '/api/v1/orgs', { name })).id);
  const orgId = (name: string) => ids.get(name) ?? '';
  const models = { chat: 'seller/echo', embeddings: 'seller/vectors', tensor: 'seller/tensor' };
  await harness.deployEcho(models.chat, { slots: 16 });
  await harness.deployEcho(models.embeddings, { slots: 8, task: 'embedding' });
  await harness.deployEcho(models.tensor, { slots: 8, task: 'tensor', signature: SIGNATURE, maxBatchSize: 8 });
  const seller = await keyOf(harness, 'seller', 'publisher');
  const at = { harness, seller: seller.key };
  const chat = await list(at, models.chat, { kind: 'pay_per_use', rates: RATES });
  const free = await addPlan(at, chat.listing, { name: 'free', kind: 'free', quota: { unit: 'requests', amount: quota, period: 'month' } });
  const vectors = await list(at, models.embeddings, { kind: 'pay_per_use', rates: VECTOR_RATES });
  const tensors = await list(at, models.tensor, { kind: 'pay_per_use', rates: TENSOR_RATES });
  const keys: Record<string, { readonly key: string; readonly id: string }> = {};
  for (const name of ['rich', 'poor', 'capped', 'free']) keys[name] = await keyOf(harness, name, 'consumer');
  for (const [org, amount] of Object.entries({ rich: '1000', poor: '0.02', capped: '1000' })) await post(harness, '/api/v1/credits', { id: `first-${org}`, org, amount });
  const changes: PriceChange[] = [];
  const buyers: Buyer[] = [{ key: seller.key, orgId: orgId('seller'), model: models.chat, kind: 'chat', subscription: '', isPaid: false }];
  const buy = async (org: string, kind: Buyer['kind'], { listing, name }: Plan): Promise<Buyer> => {
    const { key } = keys[org] ?? { key: '' };
    const made = await post<Made & { price: { version: string } }>(harness, '/api/v1/subscriptions', { listing, plan: name }, key);
    changes.push({ subscription: made.id, version: made.price.version, from: 0, until: 0 });
    const buyer = { key, orgId: orgId(org), model: models[kind], kind, subscription: made.id, isPaid: org !== 'free' };
    buyers.push(buyer);
    return buyer;
  };
  const contracts = [await buy('rich', 'chat', chat), await buy('capped', 'chat', chat), await buy('poor', 'chat', chat)];
  for (const [org, kind, plan] of [
    ['rich', 'embeddings', vectors],
    ['rich', 'tensor', tensors],
    ['free', 'chat', free],
  ] as const)
    await buy(org, kind, plan);
  const own = await keyOf(harness, 'capped', 'consumer');
  const capped = contracts[1];
  if (!capped) throw new Error('nobody is capped');
  const rotated = { buyer: { ...capped, key: own.key }, keyId: own.id };
  buyers.push(rotated.buyer);
  const budgets = [await budget(harness, capped.key, { limit: '0.003', period: 'month' }), await budget(harness, capped.key, { limit: '0.001', period: 'total', key: own.id })];
  await budget(harness, keys.rich?.key ?? '', { limit: '0.001', period: 'total', hard: false });
  const terms = { seller: seller.key, plan: chat.id, contracts: contracts.map(({ subscription, key }) => ({ subscription, key })), budgets, rotated };
  return { models: Object.values(models), buyers, poor: 'poor', terms, changes };
}

/** A model of the platform's own: calls are recorded, and cost nothing. */
export async function openUnpriced(harness: Harness): Promise<Market> {
  await harness.deployEcho('echo', { slots: 16 });
  const platform = (await get<{ data: { id: string; name: string }[] }>(harness, '/api/v1/orgs')).data.find(({ name }) => name === 'platform');
  const buyer: Buyer = { key: harness.key, orgId: platform?.id ?? '', model: 'echo', kind: 'chat', subscription: '', isPaid: false };
  return { models: ['echo'], buyers: [buyer], poor: 'platform', terms: undefined, changes: [] };
}

interface Shop {
  readonly harness: Harness;
  readonly seller: string;
}

interface PlanOrder {
  readonly name: string;
  readonly kind: 'pay_per_use' | 'free';
  readonly rates?: Readonly<Record<string, string>>;
  readonly quota?: { readonly unit: 'requests'; readonly amount: number; readonly period: 'month' };
}

interface BudgetOrder {
  readonly limit: string;
  readonly period: 'month' | 'total';
  readonly key?: string;
  readonly hard?: boolean;
}

/** Lists a model with its first plan. */
async function list({ harness, seller }: Shop, deployment: string, terms: Omit<PlanOrder, 'name'>): Promise<Plan> {
  const { id } = await post<Made>(harness, '/api/v1/listings', { deployment, title: deployment, summary: 'Says it again.', visibility: 'public' }, seller);
  const plan = await addPlan({ harness, seller }, id, { name: 'standard', ...terms });
  await post(harness, `/api/v1/listings/${id}/submit`, {}, seller);
  await post(harness, `/api/v1/listings/${id}/approve`, {});
  return plan;
}

async function addPlan({ harness, seller }: Shop, listing: string, plan: PlanOrder): Promise<Plan> {
  const { id } = await post<Made>(harness, `/api/v1/listings/${listing}/plans`, plan, seller);
  return { id, listing, name: plan.name };
}

async function budget(harness: Harness, key: string, order: BudgetOrder): Promise<{ readonly id: string; readonly limit: bigint }> {
  const { id } = await post<Made>(harness, '/api/v1/budgets', order, key);
  return { id, limit: BigInt(Math.round(Number(order.limit) * 1e6)) };
}

async function keyOf(harness: Harness, org: string, role: string): Promise<{ readonly key: string; readonly id: string }> {
  const { key, details } = await post<{ key: string; details: Made }>(harness, '/api/v1/keys', { name: `${org}-${role}`, org, role });
  return { key, id: details.id };
}

async function post<T>(harness: Harness, path: string, body: unknown, key?: string): Promise<T> {
  return answer(await harness.call(path, { body, ...(key !== undefined && { key }) }), path);
}

async function get<T>(harness: Harness, path: string): Promise<T> {
  return answer(await harness.call(path), path);
}

async function answer<T>(response: Response, path: string): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
