import { breakEvenUtilisation, costPer, MICROS } from './formulas.ts';

/** Units that a price may be for, and how many of them. */
export const PRICE_UNITS = { thousand_calls: 1_000, million_tokens: 1_000_000 } as const;

/** What a deployment is sold for: micro-units of the currency for so many calls, or tokens (prompt and answer alike). */
export interface Price {
  readonly per: keyof typeof PRICE_UNITS;
  readonly micros: bigint;
}

export interface Sold {
  readonly price: Price;
  readonly currency: string;
  /** All that it cost in the time looked at. */
  readonly totalMicros: bigint;
  /** Calls or tokens, as the price counts, in the same time. */
  readonly units: number;
  /** Of what it had, in the same time: 0 to 1; undefined where it can't be measured. */
  readonly utilisation: number | undefined;
}

export interface PriceFloor {
  /** Price minus cost, for as many units as the price is for; undefined while nothing was sold. */
  readonly marginMicros: bigint | undefined;
  /** Margin over price; undefined for a price of 0 too. */
  readonly marginShare: number | undefined;
  /** Above 1: the price does not pay at any load. Throughput is taken to grow as utilisation does. */
  readonly breakEvenUtilisation: number | undefined;
  /** For people, when the price is under the cost (Q10). */
  readonly warning: string | undefined;
}

/** Holds a price against what a unit cost (Q10). Compared exactly: price · units < cost · units per price. */
export function priceFloor(sold: Sold): PriceFloor {
  const { price, totalMicros, units } = sold;
  const per = PRICE_UNITS[price.per];
  const cost = costPer(totalMicros, units, per);
  if (cost === undefined) return { marginMicros: undefined, marginShare: undefined, breakEvenUtilisation: undefined, warning: undefined };
  const marginMicros = price.micros - cost;
  const breakEven = breakEvenOf(sold);
  const isUnder = price.micros * BigInt(units) < totalMicros * BigInt(per);
  return {
    marginMicros,
    marginShare: price.micros > 0n ? Number(marginMicros) / Number(price.micros) : undefined,
    breakEvenUtilisation: breakEven,
    warning: isUnder ? warningOf(sold, cost, breakEven) : undefined,
  };
}

/** Both per-hour figures are over the same hours, which cancel. */
function breakEvenOf({ price, totalMicros, units, utilisation }: Sold): number | undefined {
  if (utilisation === undefined || utilisation <= 0 || price.micros <= 0n) return undefined;
  const pricePerUnit = Number(price.micros) / PRICE_UNITS[price.per];
  return breakEvenUtilisation({ costPerHour: Number(totalMicros), pricePerUnit, unitsPerHourAtFullUse: units / utilisation });
}

function warningOf({ price, currency, utilisation }: Sold, costMicros: bigint, breakEven: number | undefined): string {
  const unit = price.per === 'thousand_calls' ? '1,000 calls' : 'million tokens';
  const under = `Priced at ${amount(price.micros)} ${currency} per ${unit}, under its cost of ${amount(costMicros)}`;
  if (breakEven === undefined || utilisation === undefined) return `${under}.`;
  const had = `it had ${percent(utilisation)}`;
  return breakEven > 1 ? `${under}: it would not pay at full utilisation either (${had}).` : `${under}: it pays from a utilisation of ${percent(breakEven)}; ${had}.`;
}

function amount(micros: bigint): string {
  return (Number(micros) / MICROS).toFixed(6).replace(/0{1,4}$/, '');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
