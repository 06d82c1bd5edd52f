import type { Allocation } from './allocate.ts';
import { apportion, costPer, MICROS } from './formulas.ts';
import type { AssetAmounts, CostAmounts, CostFigures, DeploymentHour } from './model.ts';
import { PRICE_UNITS } from './price-floor.ts';

/** Who bears what is divided: a group, and its share of 1. */
export type Shares = readonly (readonly [group: string, share: number])[];

const CELLS = ['cpuHardware', 'memoryHardware', 'gpuHardware', 'cpuPower', 'memoryPower', 'gpuPower'] as const;

interface Used {
  usedCoreSeconds: number;
  paidCoreSeconds: number;
  usedByteSeconds: number;
  paidByteSeconds: number;
}

const NOTHING_USED: Used = { usedCoreSeconds: 0, paidCoreSeconds: 0, usedByteSeconds: 0, paidByteSeconds: 0 };

interface Tally extends Used {
  /** In units of the currency, not rounded: the parts of compute, in the order of `CELLS`. */
  readonly cells: number[];
  idle: number;
  maintenance: number;
  storage: number;
  datasets: number;
  transferBytes: number;
  calls: number;
  tokens: number;
}

export interface Work {
  readonly calls: number;
  readonly tokens: number;
  readonly bytes: number;
}

export interface Statement {
  readonly rows: ReadonlyMap<string, CostFigures>;
  readonly assets: AssetAmounts;
  readonly upSeconds: number;
}

/**
 * Gathers allocations and work by group, and rounds once, at the end: what the machines cost becomes a whole number of micro-units, and its parts are apportioned so that they add up to it exactly (Q9).
 */
export class CostLedger {
  readonly #transferPerByte: number;
  readonly #tallies = new Map<string, Tally>();
  #assets = 0;
  #idle = 0;
  #maintenance = 0;
  #upSeconds = 0;
  readonly #machines = { ...NOTHING_USED };

  constructor(transferPerByte: number) {
    this.#transferPerByte = transferPerByte;
  }

  /** `groupsOf` says which groups bear a deployment's cost in that hour. */
  allocate({ deployments, assets, idle, maintenance, upSeconds, coreSeconds, byteSeconds }: Allocation, groupsOf: (of: DeploymentHour) => Shares): void {
    this.#assets += assets;
    this.#idle += idle;
    this.#maintenance += maintenance;
    this.#upSeconds += upSeconds;
    this.#machines.paidCoreSeconds += coreSeconds;
    this.#machines.paidByteSeconds += byteSeconds;
    for (const { of, hardware, power, ...cost } of deployments) {
      const cells = [hardware.cpu, hardware.memory, hardware.gpu, power.cpu, power.memory, power.gpu];
      const isMeasured = of.measuredSeconds > 0;
      this.#machines.usedCoreSeconds += of.usedCoreSeconds;
      this.#machines.usedByteSeconds += of.usedByteSeconds;
      for (const [group, share] of groupsOf(of)) {
        const tally = this.#tally(group);
        for (const [index, cell] of cells.entries()) tally.cells[index] = (tally.cells[index] ?? 0) + cell * share;
        tally.idle += cost.idle * share;
        tally.maintenance += cost.maintenance * share;
        tally.storage += cost.storage * share;
        tally.datasets += cost.datasets * share;
        if (!isMeasured) continue;
        tally.usedCoreSeconds += of.usedCoreSeconds * share;
        tally.paidCoreSeconds += of.workloadCoreSeconds * share;
        tally.usedByteSeconds += of.usedByteSeconds * share;
        tally.paidByteSeconds += of.workloadByteSeconds * share;
      }
    }
  }

  work(group: string, { calls, tokens, bytes }: Work): void {
    const tally = this.#tally(group);
    tally.calls += calls;
    tally.tokens += tokens;
    tally.transferBytes += bytes;
  }

  close(): Statement {
    const groups = [...this.#tallies];
    const assetMicros = micros(this.#assets);
    const compute = apportion(assetMicros, [...groups.flatMap(([, { cells }]) => cells), this.#idle]);
    const idleMicros = compute.at(-1) ?? 0n;
    const idle = shareOut(
      idleMicros,
      groups.map(([, tally]) => tally.idle),
      this.#idle,
    );
    const maintenance = shareOut(
      micros(this.#maintenance),
      groups.map(([, tally]) => tally.maintenance),
      this.#maintenance,
    );
    const rows = groups.map(([group, tally], index): [string, CostFigures] => {
      const cells = compute.slice(index * CELLS.length, (index + 1) * CELLS.length);
      const direct = { idle: idle.parts[index] ?? 0n, maintenance: maintenance.parts[index] ?? 0n, transfer: micros(tally.transferBytes * this.#transferPerByte) };
      return [group, figuresOf(tally, amountsOf(cells, { ...direct, storage: micros(tally.storage), datasets: micros(tally.datasets) }))];
    });
    return {
      rows: new Map(rows),
      upSeconds: this.#upSeconds,
      assets: {
        costMicros: assetMicros,
        allocatedMicros: assetMicros - idleMicros,
        idleMicros,
        unsharedIdleMicros: idle.rest,
        unsharedMaintenanceMicros: maintenance.rest,
        ...utilisation(this.#machines),
      },
    };
  }

  #tally(group: string): Tally {
    const known = this.#tallies.get(group);
    if (known) return known;
    const made = { cells: CELLS.map(() => 0), idle: 0, maintenance: 0, storage: 0, datasets: 0, transferBytes: 0, calls: 0, tokens: 0, ...NOTHING_USED };
    this.#tallies.set(group, made);
    return made;
  }
}

/** Splits an amount among parties whose parts are known, and what remains of `all` to nobody. */
function shareOut(total: bigint, parts: readonly number[], all: number): { readonly parts: readonly bigint[]; readonly rest: bigint } {
  const shared = parts.reduce((sum, part) => sum + part, 0);
  // What is left of sums of the same numbers in another order is no cost.
  const rest = all - shared > all * 1e-9 ? all - shared : 0;
  const whole = apportion(total, [...parts, rest]);
  return { parts: whole.slice(0, -1), rest: whole.at(-1) ?? 0n };
}

interface Direct {
  readonly idle: bigint;
  readonly maintenance: bigint;
  readonly storage: bigint;
  readonly transfer: bigint;
  readonly datasets: bigint;
}

function amountsOf(cells: readonly bigint[], { idle, maintenance, storage, transfer, datasets }: Direct): CostAmounts {
  const [cpuHardware = 0n, memoryHardware = 0n, gpuHardware = 0n, cpuPower = 0n, memoryPower = 0n, gpuPower = 0n] = cells;
  const hardwareMicros = cpuHardware + memoryHardware + gpuHardware;
  const powerMicros = cpuPower + memoryPower + gpuPower;
  const computeMicros = hardwareMicros + powerMicros;
  const dataMicros = storage + transfer + datasets;
  return {
    cpuMicros: cpuHardware + cpuPower,
    memoryMicros: memoryHardware + memoryPower,
    gpuMicros: gpuHardware + gpuPower,
    hardwareMicros,
    powerMicros,
    computeMicros,
    idleMicros: idle,
    maintenanceMicros: maintenance,
    storageMicros: storage,
    transferMicros: transfer,
    datasetsMicros: datasets,
    dataMicros,
    totalMicros: computeMicros + idle + maintenance + dataMicros,
  };
}

function figuresOf(tally: Tally, amounts: CostAmounts): CostFigures {
  return {
    ...amounts,
    ...unitCosts(amounts.totalMicros, tally.calls, tally.tokens),
    ...utilisation(tally),
  };
}

function utilisation({ usedCoreSeconds, paidCoreSeconds, usedByteSeconds, paidByteSeconds }: Used) {
  return {
    cpuUtilisation: paidCoreSeconds > 0 ? usedCoreSeconds / paidCoreSeconds : undefined,
    memoryUtilisation: paidByteSeconds > 0 ? usedByteSeconds / paidByteSeconds : undefined,
  };
}

export function unitCosts(totalMicros: bigint, calls: number, tokens: number): Pick<CostFigures, 'calls' | 'tokens' | 'perThousandCallsMicros' | 'perMillionTokensMicros'> {
  return {
    calls,
    tokens,
    perThousandCallsMicros: costPer(totalMicros, calls, PRICE_UNITS.thousand_calls),
    perMillionTokensMicros: costPer(totalMicros, tokens, PRICE_UNITS.million_tokens),
  };
}

function micros(amount: number): bigint {
  return BigInt(Math.round(amount * MICROS));
}
