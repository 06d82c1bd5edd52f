import { Fault } from '../../contract/errors.ts';

/** A flag's text as a whole number from 1. @throws Fault that names the text */
export function wholeNumber(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw new Fault('invalid_argument', 'bad_number', `"${text}" is not a whole number from 1.`);
  return number;
}

export function wholeOrZero(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}

/** The values that were given: a body names nothing else. */
export function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> };
}
