import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqlite, type TestDatabase } from '../../../tests/databases.ts';
import { batchOf, recordOf, Rig } from './testing.ts';
import { Upkeep } from './upkeep.ts';

const MINUTE = 60_000;
let database: TestDatabase;
let rig: Rig;
let upkeep: Upkeep;
let problems: unknown[];
beforeEach(async () => {
  database = await openSqlite();
  rig = new Rig(database);
  problems = [];
  const { clock, ledger, billing, leasing } = rig;
  upkeep = new Upkeep({ clock, ledger, billing, leasing, problem: (error) => void problems.push(error) });
});
afterEach(async () => {
  await upkeep.close();
  await database[Symbol.asyncDispose]();
});

test('M5, M25: leases of an earlier run are closed once its usage is posted, and not before', async () => {
  await rig.credit(1_000n);
  const lease = await (await rig.gateway('main')).lease(rig.order({ leastAmount: 300n, wantedAmount: 300n }));
  upkeep.start(await rig.leasing.registerGateway('main'));
  await rig.clock.advance(5 * MINUTE);
  await expect.poll(() => rig.leasing.gateways()).toMatchObject([{ leases: 1, seenAt: rig.clock.now() }]);
  expect(await rig.wallet()).toBe(700n);
  await rig.billing.post(batchOf(recordOf('req_1', { priceVersion: await rig.price({ requests: 100_000n }), lease: lease.id })));
  upkeep.replayed();
  await expect.poll(() => rig.wallet()).toBe(900n);
});

test('M5, M25: former leases that could not be closed are tried again within seconds, and once more at an orderly end', async () => {
  await rig.credit(1_000n);
  await (await rig.gateway('main')).lease(rig.order({ leastAmount: 300n, wantedAmount: 300n }));
  const { closeFormer } = rig.leasing;
  const away = () => Promise.reject(new Error('the database is away'));
  rig.leasing.closeFormer = away;
  upkeep.start(await rig.leasing.registerGateway('main'));
  upkeep.replayed();
  await expect.poll(() => problems.length).toBeGreaterThan(0);
  rig.leasing.closeFormer = closeFormer;
  await rig.clock.advance(1_000);
  await expect.poll(() => rig.wallet()).toBe(1_000n);

  await (await rig.gateway('other')).lease(rig.order({ leastAmount: 200n, wantedAmount: 200n }));
  const { clock, ledger, billing, leasing } = rig;
  const other = new Upkeep({ clock, ledger, billing, leasing, problem: (error) => void problems.push(error) });
  rig.leasing.closeFormer = away;
  other.start(await rig.leasing.registerGateway('other'));
  other.replayed();
  const failed = problems.length;
  await expect.poll(() => problems.length).toBeGreaterThan(failed);
  rig.leasing.closeFormer = closeFormer;
  await other.close();
  expect(await rig.wallet()).toBe(1_000n);
});

test('what failed once is done again in the next minute: grants expire, open calls are billed, former leases are closed', async () => {
  await rig.credit(1_000n);
  await rig.credit(500n, 'gift', { priority: 1, isPaid: false, expiresAt: rig.clock.now() + 2 * MINUTE });
  await (await rig.gateway('main')).lease(rig.order({ leastAmount: 50n }));
  await rig.billing.post(batchOf(recordOf('req_1', { priceVersion: 'price_x' })));
  const { closeFormer } = rig.leasing;
  rig.leasing.closeFormer = () => Promise.reject(new Error('the database is away'));
  upkeep.start(await rig.leasing.registerGateway('main'));
  upkeep.replayed();
  await expect.poll(() => problems.length).toBeGreaterThan(0);

  rig.leasing.closeFormer = closeFormer;
  await rig.lateVersion('price_x');
  await rig.clock.advance(MINUTE);
  await expect.poll(() => rig.balance('payable/maker')).toBe(32n);
  await expect.poll(() => rig.wallet()).toBe(1_460n);
  await rig.clock.advance(MINUTE);
  await expect.poll(() => rig.balance('breakage')).toBe(460n);
  expect(await rig.wallet()).toBe(1_000n);
});

test('M25: a lease whose answer was lost is given back by the run that it was opened for; those that it knows stay', async () => {
  await rig.credit(1_000n);
  const run = await rig.leasing.registerGateway('main');
  const source = rig.leasing.sourceFor(run);
  const order = rig.order({ leastAmount: 100n, wantedAmount: 100n });
  const [known, lost] = [await source.lease(order), await source.lease(order)];
  upkeep.start(run, (lease) => lease === known.id);
  await rig.clock.advance(MINUTE / 2);
  expect(await rig.wallet()).toBe(800n);
  // The clock is faster than the database.
  const later = async () => {
    await rig.clock.advance(MINUTE);
    return rig.wallet();
  };
  await expect.poll(later).toBe(900n);
  expect(await rig.leasing.gateways()).toMatchObject([{ leases: 1 }]);
  await source.giveBack(lost.id);
  expect(await rig.wallet()).toBe(900n);
});
