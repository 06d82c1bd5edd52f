import type { Fault } from '../../contract/errors.ts';
import { fieldOf, isRecord, listOf, malformed, quoted, recordOf, textOf, type Json } from './fields.ts';

/** Sizes of a tensor; -1 is one that varies, as the first nearly always does. */
export type Shape = readonly number[];

const SIZE_MAX = 2 ** 31 - 1;
const DIMENSIONS_MAX = 16;

/** One layer of a Keras model as JSON: `{class_name, config}`. Its methods read one setting each, and refuse one that is missing or wrong. */
export class Layer {
  readonly json: Json;
  readonly className: string;
  readonly name: string;
  readonly #config: Json;
  readonly #where: string;

  constructor(value: unknown) {
    if (!isRecord(value)) throw malformed('a layer is no object');
    this.json = value;
    this.className = textOf(value, 'class_name', 'a layer');
    const where = `a layer of the class ${quoted(this.className)}`;
    // The oldest form of a Sequential has its layers where others have their settings.
    const config = fieldOf(value, 'config');
    this.#config = Array.isArray(config) ? { name: 'sequential', layers: config } : recordOf(value, 'config', where);
    this.name = textOf(this.#config, 'name', where);
    this.#where = `the layer ${quoted(this.name)} (${quoted(this.className)})`;
  }

  fail(what: string): Fault {
    return malformed(`${this.#where}: ${what}`);
  }

  has(name: string): boolean {
    return fieldOf(this.#config, name) !== undefined;
  }

  list(name: string): readonly unknown[] {
    return listOf(this.#config, name, this.#where);
  }

  flag(name: string): boolean {
    return fieldOf(this.#config, name) === true;
  }

  word<W extends string>(name: string, [fallback, ...others]: readonly [W, ...W[]]): W {
    const value = fieldOf(this.#config, name) ?? fallback;
    const found = [fallback, ...others].find((word) => word === value);
    if (found === undefined) throw this.fail(`"${name}" is not one of ${[fallback, ...others].join(', ')}`);
    return found;
  }

  text(name: string): string | undefined {
    const value = fieldOf(this.#config, name);
    return typeof value === 'string' ? value : undefined;
  }

  whole(name: string): number {
    return this.#number(fieldOf(this.#config, name), name, 1);
  }

  /** One number or a list of them, each of which may count from the end. */
  axes(name: string): readonly number[] {
    return [fieldOf(this.#config, name)].flat().map((axis) => this.#number(axis, name, -DIMENSIONS_MAX));
  }

  /** A setting that is one number for all spatial dimensions, or a list with one for each. */
  sizes(name: string, count: number, fallback?: readonly number[]): readonly number[] {
    const value = fieldOf(this.#config, name);
    if (value === undefined && fallback) return fallback;
    const list = Array.isArray(value) ? value : [value];
    if (list.length !== count && list.length !== 1) throw this.fail(`"${name}" must have ${count} numbers`);
    return Array.from({ length: count }, (_, index) => this.#number(list[list.length === 1 ? 0 : index], name, 1));
  }

  /** What is added or cut at both ends of each dimension together: `2`, `[1, 2]` or `[[1, 1], [2, 2]]`. */
  margins(name: string, count: number): readonly number[] {
    const value = fieldOf(this.#config, name);
    const list = Array.isArray(value) && value.length === count ? value : Array.from({ length: count }, () => value);
    return list.map((entry) => {
      const ends = Array.isArray(entry) && entry.length === 2 ? entry : [entry, entry];
      return ends.reduce<number>((sum, end) => sum + this.#number(end, name, 0), 0);
    });
  }

  /** A shape in the settings; `null` in it is a size that varies. */
  shape(name: string): Shape {
    const value = this.list(name);
    if (value.length > DIMENSIONS_MAX) throw this.fail(`"${name}" has more than ${DIMENSIONS_MAX} dimensions`);
    return value.map((size) => (size === null ? -1 : this.#number(size, name, -1)));
  }

  inner(name: string): Layer {
    return new Layer(recordOf(this.#config, name, this.#where));
  }

  #number(value: unknown, name: string, min: number): number {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > SIZE_MAX) throw this.fail(`"${name}" is not a whole number from ${min}`);
    return value as number;
  }
}

/** Whether a layer is a model of its own. */
export function isModel({ className }: Layer): boolean {
  return className === 'Sequential' || className === 'Functional' || className === 'Model';
}
