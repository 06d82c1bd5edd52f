import { Fault } from '../../contract/errors.ts';

/** Typed access to JSON that a stranger wrote: only own keys count, and what has another type is a refusal that names the place. */
export type Json = Readonly<Record<string, unknown>>;

const QUOTED_CHARACTERS_MAX = 100;

export function malformed(message: string): Fault {
  return new Fault('invalid_argument', 'malformed_weights', `Malformed TF.js model: ${message}.`);
}

/** A stranger's name for a message, not longer than one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED_CHARACTERS_MAX));
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own field; `null` counts as absent, as it does in Keras. */
export function fieldOf(json: Json, name: string): unknown {
  return Object.hasOwn(json, name) ? (json[name] ?? undefined) : undefined;
}

export function recordOf(json: Json, name: string, where: string): Json {
  const value = fieldOf(json, name);
  if (!isRecord(value)) throw malformed(`${where} has no object "${name}"`);
  return value;
}

export function listOf(json: Json, name: string, where: string): readonly unknown[] {
  const value = fieldOf(json, name);
  if (!Array.isArray(value)) throw malformed(`${where} has no list "${name}"`);
  return value;
}

export function textOf(json: Json, name: string, where: string): string {
  const value = fieldOf(json, name);
  if (typeof value !== 'string' || value === '') throw malformed(`${where} has no text "${name}"`);
  return value;
}
