import { formatMicros } from '../../base/money.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { PRICE_UNITS, type PriceUnit } from '../../contract/price.ts';

export const priceJump = (unit: PriceUnit, before: bigint, after: bigint) =>
  new Fault(
    'conflict',
    'price_jump',
    `The rate for ${unit} would go from ${formatMicros(before)} to ${formatMicros(after)} per ${PRICE_UNITS[unit]}: more than ten times as much, or less than a tenth. If it is meant, confirm it ("confirm": true, or --confirm).`,
    { param: `rates.${unit}` },
  );
export const currencyChanged = (was: string, is: string) =>
  new Fault(
    'conflict',
    'currency_changed',
    `Prices here are in ${was}, and costing.currency in modelyard.yaml says ${is}: the book has one currency and converts nothing. Put ${was} back, or begin with another home.`,
  );
export const malformedRates = () =>
  invalid(`"rates" must name units (${Object.keys(PRICE_UNITS).join(', ')}), each with an amount from 0 to 1000000000; cached tokens cost at most as much as others.`, 'rates');
