import type { UsageRecord } from './usage.ts';

/** What calls are priced by, and how many of each unit a rate is for. A rate is micro-units of the price's currency for so many. */
export const PRICE_UNITS = {
  input_tokens: 1_000_000,
  cached_tokens: 1_000_000,
  output_tokens: 1_000_000,
  requests: 1_000,
  rows: 1_000,
  bytes: 1_000_000_000,
  compute_ms: 3_600_000,
} as const;
export type PriceUnit = keyof typeof PRICE_UNITS;

const ALL_UNITS = Object.keys(PRICE_UNITS) as readonly PriceUnit[];
/** The least common multiple of what rates are for: charges are added up in such parts of a micro-unit, and rounded once. */
const PARTS = 9_000_000_000n;

/** Of a rate's micro-units, for one of its unit. */
const PARTS_PER = Object.fromEntries(ALL_UNITS.map((unit) => [unit, PARTS / BigInt(PRICE_UNITS[unit])])) as Readonly<Record<PriceUnit, bigint>>;

export type Rates = Readonly<Partial<Record<PriceUnit, bigint>>>;

/** An immutable version of a price: the rates, and how what they come to is shared. All that a usage record is billed by. */
export interface Price {
  readonly id: string;
  readonly currency: string;
  readonly rates: Rates;
  /** The organisation that earns. */
  readonly publisher: string;
  /** Its share of a charge after tax, in hundredths of a percent. */
  readonly publisherBasisPoints: number;
  /** What of a charge is tax, in hundredths of a percent. */
  readonly taxBasisPoints: number;
}

export type Quantities = Readonly<Record<PriceUnit, number>>;

export const NO_QUANTITIES: Quantities = { input_tokens: 0, cached_tokens: 0, output_tokens: 0, requests: 0, rows: 0, bytes: 0, compute_ms: 0 };

/** The fields of a record that say what a call used. */
export type Used = Pick<UsageRecord, 'status' | 'promptTokens' | 'cachedTokens' | 'completionTokens' | 'rows' | 'requestBytes' | 'responseBytes' | 'durationMs' | 'stages'>;

/**
 * What a call is charged for. A call that did not end well and brought neither a token nor a row is free, whatever its unit (M17); prompt tokens are counted of one that was
 * left only if a part of its answer had been sent. Compute is the time from the end of the queue to the end of the answer, rounded up to a millisecond.
 */
export function quantitiesOf(used: Used): Quantities {
  const { status, promptTokens, completionTokens, rows, durationMs, stages } = used;
  const isTaken = status === 'cancelled' && promptTokens > 0;
  if (status !== 'ok' && completionTokens === 0 && rows === 0 && !isTaken) return NO_QUANTITIES;
  const cached = Math.min(used.cachedTokens, promptTokens);
  return {
    input_tokens: promptTokens - cached,
    cached_tokens: cached,
    output_tokens: completionTokens,
    requests: 1,
    rows,
    bytes: used.requestBytes + used.responseBytes,
    compute_ms: Math.ceil(durationMs - (stages.queue ?? durationMs)),
  };
}

/** What a quota counts. */
export type QuotaUnit = 'requests' | 'tokens';

/** What a call takes of a quota: one request, or the tokens of prompt and answer; nothing where it is free. */
export function quotaAmountOf({ requests, input_tokens: input, cached_tokens: cached, output_tokens: output }: Quantities, unit: QuotaUnit): bigint {
  return BigInt(unit === 'requests' ? requests : input + cached + output);
}

/** Cached tokens cost as much as others where they have no rate of their own. */
function rateOf(rates: Rates, unit: PriceUnit): bigint | undefined {
  return rates[unit] ?? (unit === 'cached_tokens' ? rates.input_tokens : undefined);
}

export interface ChargeLine {
  readonly unit: PriceUnit;
  readonly quantity: number;
  readonly per: number;
  readonly rateMicros: bigint;
}

/** The lines of a charge: one for each unit that has a rate and was used. */
export function chargeLines(rates: Rates, quantities: Quantities): ChargeLine[] {
  return ALL_UNITS.flatMap((unit) => {
    const rateMicros = rateOf(rates, unit);
    return rateMicros === undefined || quantities[unit] === 0 ? [] : [{ unit, quantity: quantities[unit], per: PRICE_UNITS[unit], rateMicros }];
  });
}

/** Σ quantity · rate / per, exactly, and then once rounded up to a whole micro-unit. Never negative. */
export function chargeOf(rates: Rates, quantities: Quantities): bigint {
  let parts = 0n;
  // Not by `chargeLines`: each call is reckoned up four times, and a line is an object.
  for (const unit of ALL_UNITS) {
    const quantity = quantities[unit];
    if (quantity === 0) continue;
    const rateMicros = rateOf(rates, unit);
    if (rateMicros !== undefined) parts += BigInt(quantity) * rateMicros * PARTS_PER[unit];
  }
  return (parts + PARTS - 1n) / PARTS;
}

/** No price takes more than this for its unit: a thousand million of the currency. */
const RATE_MICROS_MAX = 1_000_000_000_000_000n;

/** Rates as they are kept and sent: decimal digits, so that none is ever a floating-point number. */
export type WrittenRates = Readonly<Record<string, string>>;

export function writeRates(rates: Rates): WrittenRates {
  return Object.fromEntries(Object.entries(rates).map(([unit, micros]) => [unit, micros.toString()]));
}

/** Undefined for anything but known units, each with a whole number of micro-units from 0 to the bound; and for cached tokens that cost more than others (M27). */
export function readRates(written: unknown): Rates | undefined {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return undefined;
  const rates: Partial<Record<PriceUnit, bigint>> = {};
  for (const [unit, text] of Object.entries(written)) {
    if (!(unit in PRICE_UNITS) || typeof text !== 'string' || !/^\d{1,16}$/.test(text) || BigInt(text) > RATE_MICROS_MAX) return undefined;
    rates[unit as PriceUnit] = BigInt(text);
  }
  const isAboveInput = rates.cached_tokens !== undefined && rates.cached_tokens > (rates.input_tokens ?? 0n);
  return isAboveInput ? undefined : rates;
}
