import type { PriceFloor, Price } from './price-floor.ts';
import type { SharingRule } from './formulas.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** What one deployment held and used in one hour, all replicas together. Seconds are of cores, of bytes, of GPUs. */
export interface DeploymentHour {
  /** The hour's begin, milliseconds since 1970. */
  readonly hour: number;
  readonly deployment: string;
  readonly orgId: string;
  readonly replicaSeconds: number;
  /** Replica seconds for which CPU and memory could be measured. */
  readonly measuredSeconds: number;
  readonly requestCoreSeconds: number;
  readonly usedCoreSeconds: number;
  /** The greater of request and use, of each replica in each sample. */
  readonly workloadCoreSeconds: number;
  readonly requestByteSeconds: number;
  readonly usedByteSeconds: number;
  readonly workloadByteSeconds: number;
  readonly gpuSeconds: number;
  /** Files of its live versions, on disk. */
  readonly storedByteSeconds: number;
}

/** What one node had for engines in one hour, for as long as the server was up. */
export interface NodeHour {
  readonly hour: number;
  readonly node: string;
  readonly upSeconds: number;
  readonly coreSeconds: number;
  readonly byteSeconds: number;
  readonly gpuSeconds: number;
}

export interface Measured {
  readonly deployments: readonly DeploymentHour[];
  readonly nodes: readonly NodeHour[];
}

export const COST_GROUPINGS = ['model', 'tenant', 'day'] as const;
export type CostGrouping = (typeof COST_GROUPINGS)[number];

/** Amounts in whole micro-units of the currency. cpu + memory + gpu = hardware + power = compute; compute + idle + maintenance + data = total. */
export interface CostAmounts {
  readonly cpuMicros: bigint;
  readonly memoryMicros: bigint;
  readonly gpuMicros: bigint;
  readonly hardwareMicros: bigint;
  readonly powerMicros: bigint;
  readonly computeMicros: bigint;
  /** Share of what nobody used. */
  readonly idleMicros: bigint;
  readonly maintenanceMicros: bigint;
  readonly storageMicros: bigint;
  readonly transferMicros: bigint;
  readonly datasetsMicros: bigint;
  readonly dataMicros: bigint;
  readonly totalMicros: bigint;
}

export interface CostFigures extends CostAmounts {
  readonly calls: number;
  readonly tokens: number;
  /** Undefined without calls, or without tokens. */
  readonly perThousandCallsMicros: bigint | undefined;
  readonly perMillionTokensMicros: bigint | undefined;
  /** CPU time and memory used, over what is paid for (`workload`); undefined where nothing could be measured. */
  readonly cpuUtilisation: number | undefined;
  readonly memoryUtilisation: number | undefined;
}

export interface CostRow extends CostFigures {
  readonly group: string;
  /** Of a deployment that has a price. */
  readonly sold: (PriceFloor & { readonly price: Price }) | undefined;
}

/** All that the machines cost, and where it went: allocated + idle = cost (Q9). */
export interface AssetAmounts {
  readonly costMicros: bigint;
  readonly allocatedMicros: bigint;
  readonly idleMicros: bigint;
  /** Of idle and maintenance, what no row bears: all with the rule `none`, else that of hours in which nothing ran. */
  readonly unsharedIdleMicros: bigint;
  readonly unsharedMaintenanceMicros: bigint;
  /** Of all that the machines had for engines, what engines used: 0 to 1; undefined when nothing could be measured. */
  readonly cpuUtilisation: number | undefined;
  readonly memoryUtilisation: number | undefined;
}

export interface CostReport {
  readonly by: CostGrouping;
  /** Whole hours; `until` is exclusive. */
  readonly since: number;
  readonly until: number;
  /** For so long the server was up within them; only that time is in the report. */
  readonly upSeconds: number;
  readonly currency: string;
  readonly idleRule: SharingRule;
  /** Names of the rates that nobody has configured. */
  readonly defaultRates: readonly string[];
  readonly rows: readonly CostRow[];
  /** Of all rows, and, where `assets` is there, of what no row bears. */
  readonly totals: CostFigures;
  /** Operators only: others see their own deployments' part. */
  readonly assets: AssetAmounts | undefined;
}

export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

/** UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
