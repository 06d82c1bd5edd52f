import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DATABASES } from '../../../tests/databases.ts';
import { chargeOf, quantitiesOf, type Rates } from '../../contract/price.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import { batchOf, recordOf, Rig } from './testing.ts';

const RATES: Rates = { input_tokens: 1_234_567n, cached_tokens: 123_457n, output_tokens: 7_654_321n, requests: 999n };
const RUNS = { SQLite: 40, PostgreSQL: 12 } as const;
const ORGS = ['acme', 'globex'] as const;

/** Calls of two organisations, and how they come in: in batches, in any order, some more than once, by two posters. */
const arrivals = fc
  .array(
    fc.record({
      org: fc.constantFrom(...ORGS),
      lease: fc.nat(2),
      status: fc.constantFrom('ok' as const, 'failed' as const, 'cancelled' as const),
      promptTokens: fc.nat(500),
      cachedTokens: fc.nat(600),
      completionTokens: fc.nat(300),
      isPriced: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .chain((calls) =>
    fc.record({
      calls: fc.constant(calls),
      posts: fc.array(fc.record({ poster: fc.nat(1), batch: fc.array(fc.nat(calls.length - 1), { minLength: 1, maxLength: 8 }) }), { minLength: 1, maxLength: 10 }),
    }),
  );

describe.each(DATABASES)('on %s', (name, open) => {
  test('M6, M7, M8: however records come in, what is billed is what distinct calls cost; leases, wallets, debts and budgets agree', async () => {
    await using database = await open();
    const rig = new Rig(database);
    const posters = [rig, rig.another()] as const;
    const priceVersion = await rig.price(RATES);
    for (const org of ORGS) await rig.budget(`bud-${org}`, { orgId: org, limitAmount: 10n ** 12n });
    const gateway = await rig.gateway();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ calls, posts }) => {
        run++;
        // Of three leases one is small, one is none at all.
        const leases = new Map<string, string[]>();
        for (const org of ORGS) {
          // What former runs owe is paid out of it first: then there is as much as in the first.
          await rig.credit(2_000n + (await owes(rig, org)), `grant-${org}-${run}`, { orgId: org });
          const orders = [300n, 20n].map((wantedAmount) => rig.order({ orgId: org, budgets: [`bud-${org}`], leastAmount: wantedAmount, wantedAmount }));
          leases.set(org, [(await gateway.lease(orders[0]!)).id, (await gateway.lease(orders[1]!)).id, '']);
        }
        const records = calls.map(({ org, lease, isPriced, ...used }, index): UsageRecord => {
          const terms = isPriced ? { priceVersion, lease: leases.get(org)?.[lease] ?? '' } : {};
          return recordOf(`req_${run}_${index}`, { ...used, orgId: org, keyId: `key_${org}`, ...terms });
        });
        const before = { earned: await earned(rig), owned: await owned(rig) };
        const counted = await Promise.all(ORGS.map((org) => rig.counted(`bud-${org}`)));
        await Promise.all(posts.map(({ poster, batch }) => posters[poster as 0 | 1].billing.post(batchOf(...batch.flatMap((index) => records[index] ?? [])))));

        const posted = new Set(posts.flatMap(({ batch }) => batch));
        const costs = records.map((record, index) => (posted.has(index) && record.priceVersion !== '' ? chargeOf(RATES, quantitiesOf(record)) : 0n));
        const total = costs.reduce((sum, cost) => sum + cost, 0n);
        expect((await earned(rig)) - before.earned).toBe(total);
        expect(before.owned - (await owned(rig))).toBe(total);
        expect(await rig.faults()).toEqual([]);
        for (const ids of leases.values()) for (const id of ids) if (id !== '') await gateway.giveBack(id);
        for (const [index, org] of ORGS.entries()) {
          const onLease = records.reduce((sum, record, at) => (record.orgId === org && record.lease !== '' ? sum + (costs[at] ?? 0n) : sum), 0n);
          const [used = 0n] = counted[index] ?? [];
          expect(await rig.counted(`bud-${org}`)).toEqual([used + onLease, 0n]);
        }
        expect(await rig.faults()).toEqual([]);
      }),
      { numRuns: RUNS[name] },
    );
  }, 120_000);
});

async function owes(rig: Rig, org: string): Promise<bigint> {
  return -(await rig.balance(`receivable/${org}`));
}

/** What all others than consumers have. */
async function earned(rig: Rig): Promise<bigint> {
  return (await rig.balance('payable/maker')) + (await rig.balance('revenue')) + (await rig.balance('tax'));
}

/** What consumers have, in wallets and leases, less what they owe. */
async function owned(rig: Rig): Promise<bigint> {
  const all = await rig.ledger.balances('');
  return [...all].filter(([account]) => /^(wallet|leased|receivable)\//.test(account)).reduce((sum, [, balance]) => sum + balance, 0n);
}
