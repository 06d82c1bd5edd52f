/** The formulas of operating cost: pure functions of plain numbers. Rates are in units of the currency; money that must add up is in whole millionths (`Micros`, bigint). */

export const MICROS = 1_000_000;
const HOURS_PER_YEAR = 8_760;
export const HOURS_PER_MONTH = HOURS_PER_YEAR / 12;
export const GIB = 1_073_741_824;

export interface ByResource {
  readonly cpu: number;
  readonly memory: number;
  readonly gpu: number;
}

/**
 * The share of a loan to be paid back each year so that it is paid, with interest, after `years`: r(1+r)^n / ((1+r)^n − 1); without interest 1/n.
 * Source: the annuity formula of engineering economics ("capital recovery factor").
 */
export function capitalRecoveryFactor(interestPerYear: number, years: number): number {
  if (interestPerYear === 0) return 1 / years;
  const growth = (1 + interestPerYear) ** years;
  return (interestPerYear * growth) / (growth - 1);
}

/** What an amount that is paid after `years` is worth today: amount / (1+r)^n. */
export function presentValue(amount: number, interestPerYear: number, years: number): number {
  return amount / (1 + interestPerYear) ** years;
}

export interface Hardware {
  readonly price: number;
  readonly lifetimeYears: number;
  /** What it still brings at the end of its life, as a share of the price. */
  readonly residualShare: number;
  readonly interestPerYear: number;
  readonly supportPerYear: number;
  readonly spacePerYear: number;
}

/** A machine's cost per hour, used or not: (CRF · (price − PV(residual)) + support + space) / 8760. Source: total cost of ownership as in quality.md, "Cost". */
export function hardwareCostPerHour({ price, lifetimeYears, residualShare, interestPerYear, supportPerYear, spacePerYear }: Hardware): number {
  const written = price - presentValue(price * residualShare, interestPerYear, lifetimeYears);
  return (capitalRecoveryFactor(interestPerYear, lifetimeYears) * written + supportPerYear + spacePerYear) / HOURS_PER_YEAR;
}

/** A machine's draw at a utilisation from 0 to 1: a straight line from idle to full. Source: Fan, Weber, Barroso, "Power provisioning for a warehouse-sized computer", ISCA 2007. */
export function powerKilowatts({ idleKilowatts, fullKilowatts }: { readonly idleKilowatts: number; readonly fullKilowatts: number }, utilisation: number): number {
  return idleKilowatts + (fullKilowatts - idleKilowatts) * Math.min(1, Math.max(0, utilisation));
}

/** kW · PUE · price of a kWh. PUE (power usage effectiveness): all that a site draws over what its machines draw, at least 1. */
export function powerCostPerHour(kilowatts: number, { pue, pricePerKilowattHour }: { readonly pue: number; readonly pricePerKilowattHour: number }): number {
  return kilowatts * pue * pricePerKilowattHour;
}

/** What a workload is charged for: the greater of what it asked for and what it used. Source: OpenCost specification, "Workload costs". */
export function workload(request: number, usage: number): number {
  return Math.max(request, usage);
}

/**
 * How a machine's one price is split among its resources: in the ratio of what as much of each would cost at list prices. Shares sum to 1 (all on the CPU when nothing has a price).
 * Source: OpenCost, normalising list prices to the node's price.
 */
export function resourceShares(amounts: ByResource, listPrices: ByResource): ByResource {
  const cpu = amounts.cpu * listPrices.cpu;
  const memory = amounts.memory * listPrices.memory;
  const gpu = amounts.gpu * listPrices.gpu;
  const sum = cpu + memory + gpu;
  return sum > 0 ? { cpu: cpu / sum, memory: memory / sum, gpu: gpu / sum } : { cpu: 1, memory: 0, gpu: 0 };
}

/** The share of a resource's cost that each workload bears: its part of the capacity, or, when more was taken than there is, its part of what was taken. What is left of 1 is idle. */
export function allocationShares(workloads: readonly number[], capacity: number): number[] {
  const whole = Math.max(
    capacity,
    workloads.reduce((sum, one) => sum + one, 0),
  );
  return workloads.map((one) => (whole > 0 ? one / whole : 0));
}

/** How a cost that nobody caused alone is shared. */
export const SHARING_RULES = ['proportional', 'even', 'none'] as const;
export type SharingRule = (typeof SHARING_RULES)[number];

/**
 * Each party's share of a common cost: in proportion to its weight, evenly among those with any weight, or none. The shares sum to 1, or to 0 when nobody has a weight or the rule is `none`:
 * then the cost stays unshared. Source: OpenCost specification, "Shared costs".
 */
export function sharesOf(rule: SharingRule, weights: readonly number[]): number[] {
  const parties = rule === 'proportional' ? weights : weights.map((weight) => (rule === 'even' && weight > 0 ? 1 : 0));
  const sum = parties.reduce((all, one) => all + one, 0);
  return parties.map((one) => (sum > 0 ? one / sum : 0));
}

/** `total` units' cost per `per` units, in whole micro-units, rounded half up; undefined without units. */
export function costPer(totalMicros: bigint, units: number, per: number): bigint | undefined {
  if (units <= 0) return undefined;
  const divisor = BigInt(units);
  return (2n * totalMicros * BigInt(per) + divisor) / (2n * divisor);
}

/** The utilisation from which a price pays: cost per hour / (price per unit · units per hour at full use). Above 1 it never does. */
export function breakEvenUtilisation({ costPerHour, pricePerUnit, unitsPerHourAtFullUse }: BreakEven): number {
  return costPerHour / (pricePerUnit * unitsPerHourAtFullUse);
}

export interface BreakEven {
  readonly costPerHour: number;
  readonly pricePerUnit: number;
  readonly unitsPerHourAtFullUse: number;
}

/** Weights are taken to so many parts of the greatest: as fine as a double is. */
const WEIGHT_PARTS = 2 ** 52;

/**
 * Splits a whole amount in proportion to weights so that the parts add up to it exactly: each gets its quota rounded down, and the units that are left go to the greatest remainders, the first of
 * equal ones first. Without any weight: evenly. Source: the method of largest remainders (Hamilton).
 * @throws RangeError for a negative amount, or a weight that is negative or no finite number
 */
export function apportion(total: bigint, weights: readonly number[]): bigint[] {
  if (total < 0n) throw new RangeError(`can not apportion ${total}: it is negative`);
  const bad = weights.find((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad !== undefined) throw new RangeError(`can not apportion by a weight of ${bad}`);
  if (weights.length === 0) return [];
  const greatest = Math.max(...weights);
  const parts = weights.map((weight) => (greatest > 0 ? BigInt(Math.round((weight / greatest) * WEIGHT_PARTS)) : 1n));
  const whole = parts.reduce((sum, part) => sum + part, 0n);
  const shares = parts.map((part) => (total * part) / whole);
  const left = Number(total - shares.reduce((sum, share) => sum + share, 0n));
  const remainders = parts.map((part, index) => ({ index, remainder: (total * part) % whole }));
  const first = remainders.toSorted((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1)).slice(0, left);
  for (const { index } of first) shares[index] = (shares[index] ?? 0n) + 1n;
  return shares;
}
