import { type Price, PRICE_UNITS, type PriceUnit, type Rates, readRates } from '../../contract/price.ts';

/** A change beyond this, up or down, is more likely a slip of the hand than a wish (M27). */
const JUMP = 10n;
const UNITS = Object.keys(PRICE_UNITS) as readonly PriceUnit[];

/** A version as it is kept. */
export interface StoredVersion {
  readonly id: string;
  readonly planId: string;
  readonly number: number;
  readonly currency: string;
  /** JSON text. */
  readonly rates: string;
  readonly publisher: string;
  readonly publisherBasisPoints: number;
  readonly taxBasisPoints: number;
  readonly isConfirmed: boolean;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** A version with what it comes to: a price, or why there is none. */
export type PriceVersion = Pick<StoredVersion, 'id' | 'planId' | 'number' | 'publisher' | 'createdBy' | 'createdAt'> &
  ({ readonly price: Price; readonly problem?: undefined } | { readonly price?: undefined; readonly problem: string });

/** What a unit costs by these rates. Cached tokens cost as much as others where they have no rate of their own; what has no rate costs nothing. */
export function pricePerUnit(rates: Rates, unit: PriceUnit): bigint {
  return rates[unit] ?? (unit === 'cached_tokens' ? (rates.input_tokens ?? 0n) : 0n);
}

/** Whether anybody would pay anything by these rates. */
export function isAboveNothing(rates: Rates): boolean {
  return Object.values(rates).some((micros) => micros > 0n);
}

/** The units whose rate is more than ten times the one before, or less than a tenth of it. */
export function jumps(before: Rates, after: Rates): PriceUnit[] {
  return UNITS.filter((unit) => {
    const [old, fresh] = [pricePerUnit(before, unit), pricePerUnit(after, unit)];
    return fresh > old * JUMP || fresh * JUMP < old;
  });
}

/** Whether anything costs more by the second rates than by the first. */
export function rises(before: Rates, after: Rates): boolean {
  return UNITS.some((unit) => pricePerUnit(after, unit) > pricePerUnit(before, unit));
}

/** What all versions of one plan come to, in the order of their numbers: each is held against the newest before it that has a price. */
export function readVersions(stored: readonly StoredVersion[]): PriceVersion[] {
  let last: Rates | undefined;
  return stored
    .toSorted((a, b) => a.number - b.number)
    .map((version) => {
      const { id, planId, number, publisher, createdBy, createdAt } = version;
      const about = { id, planId, number, publisher, createdBy, createdAt };
      const rates = parseRates(version.rates);
      const problem = problemOf(version, rates, last);
      if (problem !== undefined || !rates) return { ...about, problem: problem ?? MALFORMED };
      last = rates;
      const { currency, publisherBasisPoints, taxBasisPoints } = version;
      return { ...about, price: { id, currency, rates, publisher, publisherBasisPoints, taxBasisPoints } };
    });
}

const MALFORMED = 'its rates are malformed';

function parseRates(text: string): Rates | undefined {
  try {
    return readRates(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function problemOf({ currency, isConfirmed, publisherBasisPoints, taxBasisPoints }: StoredVersion, rates: Rates | undefined, last: Rates | undefined): string | undefined {
  if (!rates) return MALFORMED;
  if (!/^[A-Z]{3}$/.test(currency)) return 'its currency is malformed';
  if (![publisherBasisPoints, taxBasisPoints].every(isShare)) return 'its shares are malformed';
  if (isConfirmed || !last) return undefined;
  const [unit] = jumps(last, rates);
  return unit && `its rate for ${unit} is more than ten times the one before, or less than a tenth of it, and was not confirmed`;
}

function isShare(basisPoints: number): boolean {
  return Number.isInteger(basisPoints) && basisPoints >= 0 && basisPoints <= 10_000;
}
