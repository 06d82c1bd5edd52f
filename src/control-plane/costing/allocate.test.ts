import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocateHour } from './allocate.ts';
import { GIB, SHARING_RULES } from './formulas.ts';
import { CostLedger } from './ledger.ts';
import type { DeploymentHour, NodeHour } from './model.ts';
import { resolveRates } from './rates.ts';

const NODE: NodeHour = { hour: 0, node: 'local', upSeconds: 3_600, coreSeconds: 4 * 3_600, byteSeconds: 16 * GIB * 3_600, gpuSeconds: 0 };
const held = (deployment: string, more: Partial<DeploymentHour>): DeploymentHour => ({
  hour: 0,
  deployment,
  orgId: 'org',
  replicaSeconds: 3_600,
  measuredSeconds: 3_600,
  requestCoreSeconds: 0,
  usedCoreSeconds: 0,
  workloadCoreSeconds: 0,
  requestByteSeconds: 0,
  usedByteSeconds: 0,
  workloadByteSeconds: 0,
  gpuSeconds: 0,
  storedByteSeconds: 0,
  ...more,
});
const asModel = ({ deployment }: DeploymentHour) => [[deployment, 1]] as const;

/** 0.40 an hour of hardware and 0.10 of power at half load, half of it the CPU's and half the memory's. */
const { rates } = resolveRates({
  hardware: { price: 0.4 * 8_760 * 4, lifetimeYears: 4, interestPerYear: 0 },
  power: { idleKilowatts: 0.1, fullKilowatts: 0.3, pue: 1, pricePerKilowattHour: 0.5 },
  listPrices: { cpuCoreHour: 4, memoryGibHour: 1 },
  data: { storagePerGibMonth: 0.73, transferPerGib: 0.1 },
  maintenance: { hoursPerMonth: 7.3, hourlyRate: 10 },
  datasets: [{ name: 'labels', deployment: 'a', perMonth: 7.3 }],
});

test('the worked example of docs/guides/costing.md', () => {
  const a = held('a', { workloadCoreSeconds: 2 * 3_600, usedCoreSeconds: 2 * 3_600, workloadByteSeconds: 4 * GIB * 3_600, storedByteSeconds: 10 * GIB * 3_600 });
  const b = held('b', { workloadCoreSeconds: 3_600, workloadByteSeconds: 4 * GIB * 3_600 });
  const ledger = new CostLedger(rates.data.transferPerGib / GIB);
  ledger.allocate(allocateHour(0, { nodes: [NODE], deployments: [a, b] }, rates), asModel);
  ledger.work('a', { calls: 4, tokens: 1_000, bytes: GIB });
  const { rows, assets } = ledger.close();
  expect(assets).toEqual({
    costMicros: 500_000n,
    allocatedMicros: 312_500n,
    idleMicros: 187_500n,
    unsharedIdleMicros: 0n,
    unsharedMaintenanceMicros: 0n,
    cpuUtilisation: 0.5,
    memoryUtilisation: 0,
  });
  // a: half the CPU and a quarter of the memory; b: a quarter of each.
  expect(rows.get('a')).toEqual({
    cpuMicros: 125_000n,
    memoryMicros: 62_500n,
    gpuMicros: 0n,
    hardwareMicros: 150_000n,
    powerMicros: 37_500n,
    computeMicros: 187_500n,
    idleMicros: 112_500n,
    maintenanceMicros: 60_000n,
    storageMicros: 10_000n,
    transferMicros: 100_000n,
    datasetsMicros: 10_000n,
    dataMicros: 120_000n,
    totalMicros: 480_000n,
    calls: 4,
    tokens: 1_000,
    perThousandCallsMicros: 120_000_000n,
    perMillionTokensMicros: 480_000_000n,
    cpuUtilisation: 1,
    memoryUtilisation: 0,
  });
  expect(rows.get('b')).toMatchObject({ computeMicros: 125_000n, idleMicros: 75_000n, maintenanceMicros: 40_000n, totalMicros: 240_000n, perThousandCallsMicros: undefined });
});

test('half an hour up costs half; with the rule none, and when nothing runs, idle and maintenance stay unshared', () => {
  const halfUp = { ...NODE, upSeconds: 1_800, coreSeconds: 2 * 3_600, byteSeconds: 8 * GIB * 3_600 };
  const ledger = new CostLedger(0);
  ledger.allocate(allocateHour(0, { nodes: [halfUp], deployments: [] }, rates), asModel);
  // 0.4 + 0.1 kW · 0.5, for half an hour.
  expect(ledger.close().assets).toMatchObject({
    costMicros: 225_000n,
    allocatedMicros: 0n,
    idleMicros: 225_000n,
    unsharedIdleMicros: 225_000n,
    unsharedMaintenanceMicros: 50_000n,
  });
  const none = new CostLedger(0);
  none.allocate(allocateHour(0, { nodes: [NODE], deployments: [held('a', { workloadCoreSeconds: 3_600 })] }, { ...rates, idle: 'none' }), asModel);
  const { rows, assets } = none.close();
  expect(assets.unsharedIdleMicros).toBe(assets.idleMicros);
  expect(rows.get('a')).toMatchObject({ idleMicros: 0n, maintenanceMicros: 0n });
});

test('a file that is stored while nothing of it runs costs its storage, and bears no idle', () => {
  const ledger = new CostLedger(0);
  const stored = held('b', { replicaSeconds: 0, measuredSeconds: 0, storedByteSeconds: GIB * 3_600 });
  ledger.allocate(allocateHour(0, { nodes: [NODE], deployments: [held('a', { workloadCoreSeconds: 3_600 }), stored] }, { ...rates, idle: 'even' }), asModel);
  expect(ledger.close().rows.get('b')).toMatchObject({ storageMicros: 1_000n, totalMicros: 1_000n, cpuUtilisation: undefined });
});

test('Q9: Σ allocation + idle = asset cost to the unit, however hours, deployments, rules and groups are', () => {
  const amount = fc.double({ min: 0, max: 1e4, noNaN: true });
  const deployment = fc.record({ deployment: fc.constantFrom('a', 'b', 'c', 'd'), cores: amount, used: amount, bytes: amount, stored: amount });
  const hour = fc.record({
    up: fc.double({ min: 0.1, max: 3_600, noNaN: true }),
    cores: fc.integer({ min: 1, max: 128 }),
    of: fc.uniqueArray(deployment, { selector: (one) => one.deployment }),
  });
  const split = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(hour, { maxLength: 20 }), fc.constantFrom(...SHARING_RULES), split, fc.double({ min: 0, max: 1e6, noNaN: true }), (hours, idle, share, price) => {
      const inForce = { ...rates, idle, hardware: { ...rates.hardware, price } };
      const ledger = new CostLedger(1e-12);
      for (const [index, { up, cores, of }] of hours.entries()) {
        const nodes = [{ ...NODE, hour: index, upSeconds: up, coreSeconds: cores * up, byteSeconds: cores * 4 * GIB * up }];
        const deployments = of.map((one) =>
          held(one.deployment, { workloadCoreSeconds: one.cores, usedCoreSeconds: one.used, workloadByteSeconds: one.bytes * GIB, storedByteSeconds: one.stored * GIB }),
        );
        const groups = ({ deployment: name }: DeploymentHour) =>
          [
            [name, share],
            ['other', 1 - share],
          ] as const;
        ledger.allocate(allocateHour(index, { nodes, deployments }, inForce), groups);
      }
      ledger.work('a', { calls: 1, tokens: 1, bytes: 12_345 });
      const { rows, assets } = ledger.close();
      const sum = (field: 'computeMicros' | 'idleMicros' | 'maintenanceMicros' | 'cpuMicros' | 'memoryMicros' | 'gpuMicros' | 'hardwareMicros' | 'powerMicros') =>
        [...rows.values()].reduce((all, row) => all + row[field], 0n);
      expect(sum('computeMicros') + assets.idleMicros).toBe(assets.costMicros);
      expect(sum('computeMicros')).toBe(assets.allocatedMicros);
      expect(sum('idleMicros') + assets.unsharedIdleMicros).toBe(assets.idleMicros);
      expect(sum('cpuMicros') + sum('memoryMicros') + sum('gpuMicros')).toBe(sum('computeMicros'));
      expect(sum('hardwareMicros') + sum('powerMicros')).toBe(sum('computeMicros'));
      if (idle === 'none') expect(sum('idleMicros') + sum('maintenanceMicros')).toBe(0n);
      for (const row of rows.values()) expect(row.totalMicros).toBe(row.computeMicros + row.idleMicros + row.maintenanceMicros + row.dataMicros);
    }),
  );
});
