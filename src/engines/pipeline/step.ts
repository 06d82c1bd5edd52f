import { invalid } from '../../contract/errors.ts';
import type { Tensor } from '../../contract/tensor.ts';

/** What a call's elements are between two steps. */
export type Item =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Row-major, channels last. */
  | { readonly kind: 'pixels'; readonly height: number; readonly width: number; readonly channels: number; readonly values: Float32Array };
export type Pixels = Extract<Item, { kind: 'pixels' }>;

/** One element to one element. */
export type ItemStep = (item: Item) => Item | Promise<Item>;
/** All elements of a call to one tensor for the model. The last step of `pre`. */
export type StackStep = (items: readonly Item[]) => Tensor;
/** The model's outputs to some of the caller's. */
export type PostStep = (outputs: ReadonlyMap<string, Tensor>) => readonly Tensor[];

/** A step as declared in the manifest: an `op` and its options. */
export class Options {
  readonly op: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.op = String(values['op']);
    this.#values = values;
  }

  fail(key: string, accepted: string): Error {
    return invalid(`The pipeline step '${this.op}' needs ${key}: ${accepted}.`, `pipeline.${this.op}.${key}`);
  }

  text(key: string): string {
    const value = this.#values[key];
    if (typeof value !== 'string' || value === '') throw this.fail(key, 'a name');
    return value;
  }

  choice<T extends string>(key: string, choices: readonly T[]): T {
    const found = choices.find((choice) => choice === (this.#values[key] ?? choices[0]));
    if (found === undefined) throw this.fail(key, `one of ${choices.join(', ')}`);
    return found;
  }

  count(key: string, range: { readonly min: number; readonly max: number; readonly otherwise?: number }): number {
    const value = this.#values[key] ?? range.otherwise;
    if (!Number.isInteger(value) || (value as number) < range.min || (value as number) > range.max) throw this.fail(key, `a whole number from ${range.min} to ${range.max}`);
    return value as number;
  }

  number(key: string, otherwise: number): number {
    const value = this.#values[key] ?? otherwise;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.fail(key, 'a number');
    return value;
  }

  /** One number for every channel, or one each. */
  perChannel(key: string, otherwise: number): readonly number[] {
    const value = this.#values[key] ?? [otherwise];
    if (!Array.isArray(value) || value.length === 0 || !value.every((entry) => typeof entry === 'number' && Number.isFinite(entry))) throw this.fail(key, 'a list of numbers');
    return value as readonly number[];
  }

  flag(key: string): boolean {
    const value = this.#values[key] ?? false;
    if (typeof value !== 'boolean') throw this.fail(key, 'true or false');
    return value;
  }

  /** A list in the step itself, or `{"metadata": key}`: lines that the model's producer left in it. */
  labels(key: string, metadata: ReadonlyMap<string, string>): readonly string[] {
    const value = this.#values[key];
    if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
    const source = typeof value === 'object' && value !== null ? (value as { metadata?: unknown }).metadata : undefined;
    if (typeof source !== 'string') throw this.fail(key, 'a list of texts, or {"metadata": key}');
    const lines = metadata.get(source);
    if (lines === undefined) throw invalid(`The model has no metadata '${source.slice(0, 100)}', from which the pipeline takes its labels.`);
    return lines.replace(/\r?\n$/, '').split(/\r?\n/);
  }
}

export function pixelsOf(item: Item): Pixels {
  if (item.kind !== 'pixels') throw invalid("A pipeline step for images came before 'decodeImage'.", 'pipeline');
  return item;
}

/** An FP32 output of the model, as numbers with its shape. */
export function floatsOf(outputs: ReadonlyMap<string, Tensor>, name: string, rank: number): { readonly values: Float32Array; readonly shape: readonly number[] } {
  const tensor = outputs.get(name);
  if (!tensor || tensor.datatype !== 'FP32' || tensor.shape.length !== rank) throw invalid(`The pipeline needs an FP32 output '${name}' of ${rank} dimensions.`, 'pipeline');
  return { values: new Float32Array(new Uint8Array(tensor.data).buffer), shape: tensor.shape };
}

export function fp32(name: string, shape: readonly number[], values: Float32Array): Tensor {
  return { name, datatype: 'FP32', shape, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
