import { allocationShares, type ByResource, GIB, hardwareCostPerHour, HOURS_PER_MONTH, powerCostPerHour, powerKilowatts, resourceShares, sharesOf } from './formulas.ts';
import { HOUR_MS, type DeploymentHour, type Measured, type NodeHour } from './model.ts';
import type { Rates } from './rates.ts';

const SECONDS_PER_HOUR = HOUR_MS / 1000;
const RESOURCES = ['cpu', 'memory', 'gpu'] as const;

/** A deployment's cost in one hour, in units of the currency, not rounded yet. */
export interface AllocatedHour {
  readonly of: DeploymentHour;
  readonly hardware: ByResource;
  readonly power: ByResource;
  readonly idle: number;
  readonly maintenance: number;
  readonly storage: number;
  readonly datasets: number;
}

export interface Allocation {
  readonly hour: number;
  readonly upSeconds: number;
  readonly deployments: readonly AllocatedHour[];
  /** What the machines cost, and of it what no deployment caused. */
  readonly assets: number;
  readonly idle: number;
  readonly maintenance: number;
  /** What the machines had for engines. */
  readonly coreSeconds: number;
  readonly byteSeconds: number;
}

/** What the machines cost in one hour, and who bears it. `measured` is of that hour alone. */
export function allocateHour(hour: number, { nodes, deployments }: Measured, rates: Rates): Allocation {
  const { hardware, power } = assetCosts(nodes, usedCoreSeconds(deployments), rates);
  const coreSeconds = sum(nodes, (node) => node.coreSeconds);
  const byteSeconds = sum(nodes, (node) => node.byteSeconds);
  const shares = {
    cpu: allocationShares(
      deployments.map(({ workloadCoreSeconds }) => workloadCoreSeconds),
      coreSeconds,
    ),
    memory: allocationShares(
      deployments.map(({ workloadByteSeconds }) => workloadByteSeconds),
      byteSeconds,
    ),
    gpu: allocationShares(
      deployments.map(({ gpuSeconds }) => gpuSeconds),
      sum(nodes, ({ gpuSeconds }) => gpuSeconds),
    ),
  };
  const part = (cost: ByResource, index: number): ByResource => ({
    cpu: cost.cpu * (shares.cpu[index] ?? 0),
    memory: cost.memory * (shares.memory[index] ?? 0),
    gpu: cost.gpu * (shares.gpu[index] ?? 0),
  });
  const parts = deployments.map((of, index) => ({ of, hardware: part(hardware, index), power: part(power, index) }));
  const assets = whole(hardware) + whole(power);
  const weights = parts.map((one) => whole(one.hardware) + whole(one.power));
  const idle = Math.max(0, assets - sum(weights, (weight) => weight));
  const upSeconds = Math.max(0, ...nodes.map((node) => node.upSeconds));
  const maintenance = monthly(rates.maintenance.hoursPerMonth * rates.maintenance.hourlyRate + rates.maintenance.licencesPerMonth, upSeconds);
  const common = sharesOf(rates.idle, weights);
  return {
    hour,
    upSeconds,
    assets,
    idle,
    maintenance,
    coreSeconds,
    byteSeconds,
    deployments: parts.map((one, index) => ({
      ...one,
      idle: idle * (common[index] ?? 0),
      maintenance: maintenance * (common[index] ?? 0),
      storage: monthly((rates.data.storagePerGibMonth * one.of.storedByteSeconds) / GIB / SECONDS_PER_HOUR, SECONDS_PER_HOUR),
      datasets: datasetsOf(one.of.deployment, upSeconds, rates),
    })),
  };
}

/** What the nodes cost in the hour, for as long as they were up, by resource: hardware apart from power. */
function assetCosts(nodes: readonly NodeHour[], used: number, rates: Rates): { readonly hardware: ByResource; readonly power: ByResource } {
  const kilowatts = powerKilowatts(
    rates.power,
    used /
      Math.max(
        1,
        sum(nodes, ({ coreSeconds }) => coreSeconds),
      ),
  );
  const hardwarePerHour = hardwareCostPerHour(rates.hardware);
  const powerPerHour = powerCostPerHour(kilowatts, rates.power);
  const hardware = { cpu: 0, memory: 0, gpu: 0 };
  const power = { cpu: 0, memory: 0, gpu: 0 };
  const { cpuCoreHour, memoryGibHour, gpuHour } = rates.listPrices;
  for (const { upSeconds, coreSeconds, byteSeconds, gpuSeconds } of nodes) {
    const shares = resourceShares({ cpu: coreSeconds, memory: byteSeconds / GIB, gpu: gpuSeconds }, { cpu: cpuCoreHour, memory: memoryGibHour, gpu: gpuHour });
    const hours = upSeconds / SECONDS_PER_HOUR;
    for (const resource of RESOURCES) {
      hardware[resource] += hardwarePerHour * hours * shares[resource];
      power[resource] += powerPerHour * hours * shares[resource];
    }
  }
  return { hardware, power };
}

function usedCoreSeconds(deployments: readonly DeploymentHour[]): number {
  return sum(deployments, (one) => one.usedCoreSeconds);
}

function datasetsOf(deployment: string, upSeconds: number, { datasets }: Rates): number {
  return sum(
    datasets.filter((dataset) => dataset.deployment === deployment),
    ({ perMonth }) => monthly(perMonth, upSeconds),
  );
}

/** The part of an amount a month that falls on so many seconds. */
function monthly(perMonth: number, seconds: number): number {
  return (perMonth * seconds) / SECONDS_PER_HOUR / HOURS_PER_MONTH;
}

function whole({ cpu, memory, gpu }: ByResource): number {
  return cpu + memory + gpu;
}

function sum<T>(of: readonly T[], value: (one: T) => number): number {
  return of.reduce((all, one) => all + value(one), 0);
}
