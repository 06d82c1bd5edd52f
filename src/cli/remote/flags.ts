import { Fault } from '../../contract/errors.ts';

/** A flag's text as a whole number from 1. @throws Fault that names the text */
export function wholeNumber(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw new Fault('invalid_argument', 'bad_number', `"${text}" is not a whole number from 1.`);
  return number;
}

/** As `wholeNumber`, for what may be many: tokens, calls. */
export function wholeCount(text: string): number {
  const number = /^\d{1,13}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw new Fault('invalid_argument', 'bad_number', `"${text}" is not a whole number from 1, in digits alone.`);
  return number;
}

export function wholeOrZero(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}

const BACK_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

/** A flag's text as a moment, milliseconds since 1970: a date, a date with a time, or so many hours or days before `now`. @throws Fault that names the flag and the text */
export function moment(text: string, now: number, flag: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const back = BACK_MS[unit];
  const at = back === undefined ? (/^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN) : now - Number(count) * back;
  if (!(at >= 0))
    throw new Fault('invalid_argument', 'bad_time', `${flag} is "${text}"; it must be a time such as 2026-01-31 or 2026-01-31T12:00Z, or one back from now such as 24h or 7d.`);
  return at;
}

/** The values that were given: a body names nothing else. */
export function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> };
}
