/** Millionths of a currency's unit, as a whole number that has no bounds. */
export type Micros = bigint;

const DECIMALS = 6;
const AMOUNT = /^(-?)(\d{1,18})(?:\.(\d{1,6}))?$/;

/** `12.5` → 12500000n; undefined for anything but a decimal number with at most six digits behind the point. */
export function parseMicros(text: string): Micros | undefined {
  const [, sign, whole, fraction = ''] = AMOUNT.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(DECIMALS, '0'));
  return sign === '-' ? -micros : micros;
}

/** 12500000n → `12.50`: at least two digits behind the point, and no more than are needed. */
export function formatMicros(micros: Micros): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0{1,4}$/, '');
  return `${micros < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}.${fraction}`;
}
