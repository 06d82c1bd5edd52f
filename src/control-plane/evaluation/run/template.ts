import type { Row } from './dataset.ts';
import { badLine } from './dataset.ts';

const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** The template with each `{{field}}` replaced by the example's field, as it is. @throws Fault that names the line and the field that it lacks */
export function fill(template: string, row: Row): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string) => textOf(row, name));
}

/** A field as text. @throws Fault that names the line and the field */
export function textOf(row: Row, name: string): string {
  const value = row.fields[name];
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw badLine(row.line, value === undefined ? `it has no field "${name}"; it has ${namesOf(row)}.` : `its field "${name}" must be text.`);
}

/** A field as a finite number, in a CSV written as one. @throws Fault that names the line and the field */
export function numberOf(row: Row, name: string): number {
  const value = row.fields[name];
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw badLine(row.line, value === undefined ? `it has no field "${name}"; it has ${namesOf(row)}.` : `its field "${name}" must be a finite number, not ${shown(value)}.`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function namesOf({ fields }: Row): string {
  const names = Object.keys(fields);
  const named = names.slice(0, 8).map((name) => `"${name.slice(0, 40)}"`);
  return names.length === 0 ? 'none' : names.length > 8 ? `${named.join(', ')} …` : named.join(', ');
}
