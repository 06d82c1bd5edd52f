/** Columns with these endings are money, or amounts that may be: always bigint. All others are numbers. */
const AMOUNT = /_(micros|amount)$/;

export function isAmount(column: string): boolean {
  return AMOUNT.test(column);
}

/** A whole number of a column that is no amount. @throws RangeError beyond 2^53 */
export function plainNumber(column: string, value: bigint): number {
  const plain = Number(value);
  if (!Number.isSafeInteger(plain)) throw new RangeError(`column ${column} holds ${value}, which is beyond 2^53`);
  return plain;
}
