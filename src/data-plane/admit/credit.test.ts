import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import type { Fault } from '../../contract/errors.ts';
import type { Offer, RevisionRoute } from '../../contract/feeds.ts';
import type { Price } from '../../contract/price.ts';
import { usageRecord } from '../../usage-log/testing.ts';
import { type Admitted, Presence } from '../call.ts';
import { type Charge, Credit } from './credit.ts';
import { PlainWallet } from './testing.ts';

const FREE: Price = { id: 'v1', currency: 'EUR', rates: {}, publisher: 'maker', publisherBasisPoints: 8_000, taxBasisPoints: 0 };
const PAID: Price = { ...FREE, rates: { requests: 100_000n } };
const DEPLOYMENT = { of: 'deployment', name: 'maker/model' } as const;
const QUOTA = { id: 'bud', unit: 'requests' } as const;
const REVISION: RevisionRoute = {
  id: 'r',
  model: 'm',
  version: 1,
  weight: 1,
  task: 'chat',
  dialect: 'openai',
  platform: 'test',
  signature: undefined,
  maxBatchSize: 1,
  contextLength: 100,
  state: 'ready',
  reason: '',
  replicas: [],
};

function callBy(offer: Offer): Admitted {
  const work = { kind: 'forward', path: '', body: Buffer.alloc(0), stream: false } as const;
  return {
    call: { id: 'req', operation: 'chat', arrivedAt: 0, startedAtMs: 0, deadline: 1_000, presence: new Presence(), isBackground: false, times: {} },
    caller: {
      hash: '',
      keyId: 'k',
      orgId: 'acme',
      orgName: 'acme',
      scopes: ['inference'],
      allowedModels: undefined,
      expiresAtMs: undefined,
      limits: {},
      budgets: [],
      offers: [offer],
    },
    target: { deployment: { name: 'maker/model', orgId: 'maker', orgName: 'maker', createdAtMs: 0, revisions: [REVISION] }, revision: REVISION, offer, pinned: false },
    request: { model: 'm', session: undefined, needs: 'chat', bounds: { promptTokens: 10, completionTokens: 5, answers: 1 }, work: () => work },
    work,
    requestBytes: 10,
  };
}

describe('M24: while the database is away and nothing is leased', () => {
  let wallet: PlainWallet;
  beforeEach(() => {
    wallet = new PlainWallet(10n);
    wallet.isDown = true;
  });
  const creditThat = (freeWhenUnavailable: boolean) => new Credit({ clock: new FakeClock(), source: wallet, waitMs: 250, freeWhenUnavailable, problem: () => undefined });
  const outcomeOf = async (charge: Charge | undefined | Promise<Charge | undefined>) => {
    try {
      return (await charge)?.terms;
    } catch (error) {
      return (error as Fault).code;
    }
  };

  test('a call that is paid for is refused, whatever holds for free ones', async () => {
    for (const isOpen of [true, false]) expect(await outcomeOf(creditThat(isOpen).charge(callBy({ deployments: DEPLOYMENT, price: PAID })))).toBe('credit_unavailable');
  });

  test('one of a free plan is refused too, unless the operator wants it served; then it is counted on no lease, and settles', async () => {
    const offer: Offer = { deployments: DEPLOYMENT, price: FREE, subscription: 'sub', quota: QUOTA };
    expect(await outcomeOf(creditThat(false).charge(callBy(offer)))).toBe('credit_unavailable');
    const charge = await creditThat(true).charge(callBy(offer));
    expect(charge?.terms).toEqual({ subscription: 'sub', priceVersion: 'v1', lease: '' });
    expect(() => charge?.settle(usageRecord('req'))).not.toThrow();
  });

  test('a quota that is used up is no outage: it is refused also where free calls are served', async () => {
    wallet.isDown = false;
    wallet.available = 0n;
    expect(await outcomeOf(creditThat(true).charge(callBy({ deployments: DEPLOYMENT, price: FREE, quota: QUOTA })))).toBe('insufficient_quota');
  });
});
