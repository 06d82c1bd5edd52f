import { control, controlAs, LIMITS } from './control.ts';
import type { GatewayReady, UsageTotals } from './gateway-order.ts';
import type { BenchProcess } from './process.ts';

type Gateway = BenchProcess<GatewayReady>;

const BUYER = 'buyer';
/** Enough for any run: no call is refused for want of it. */
const CREDIT = '1000000';
const RATES = { input_tokens: '0.50', output_tokens: '1.50' };

/** Sells the platform's deployment by the token to an organisation with credit, all through the API. Returns the buyer's key. */
export async function sell(gateway: Gateway, deployment: string): Promise<string> {
  await control(gateway, 'POST', '/api/v1/orgs', { name: BUYER });
  const { key } = await control<{ key: string }>(gateway, 'POST', '/api/v1/keys', { name: BUYER, org: BUYER, scopes: ['inference', 'subscriptions', 'usage'], limits: LIMITS });
  const { id } = await control<{ id: string }>(gateway, 'POST', '/api/v1/listings', { deployment, visibility: 'public' });
  await control(gateway, 'POST', `/api/v1/listings/${id}/plans`, { name: 'standard', kind: 'pay_per_use', rates: RATES });
  for (const move of ['submit', 'approve']) await control(gateway, 'POST', `/api/v1/listings/${id}/${move}`, {});
  await control(gateway, 'POST', '/api/v1/credits', { id: 'bench', org: BUYER, amount: CREDIT });
  await controlAs({ port: gateway.ready.port, key }, 'POST', '/api/v1/subscriptions', { listing: id });
  return key;
}

interface Book {
  readonly faults: readonly string[];
  readonly unbilled: readonly string[];
}

interface Statement {
  readonly foots: boolean;
  readonly lines: readonly { readonly of: { readonly calls: number } | null }[];
}

/** What is wrong with the book of a gateway whose calls were all sold: each is to be charged once. Asked once its usage rows are all there. */
export async function bookDoubts(name: string, gateway: Gateway): Promise<string[]> {
  const { faults, unbilled } = await control<Book>(gateway, 'GET', '/api/v1/ledger/check');
  const { lines, foots } = await control<Statement>(gateway, 'GET', `/api/v1/statements?org=${BUYER}&from=0`);
  const { calls } = await gateway.ask<UsageTotals>('usage');
  const charged = lines.reduce((sum, { of }) => sum + (of?.calls ?? 0), 0);
  return [
    ...faults.map((fault) => `${name}: ${fault}`),
    ...(unbilled.length > 0 ? [`${name}: at least ${unbilled.length} calls are not billed`] : []),
    ...(charged !== calls ? [`${name}: ${charged} charges in the book for ${calls} usage rows`] : []),
    ...(foots ? [] : [`${name}: the buyer's statement does not add up`]),
  ];
}
