/**
 * What every metric asks of its input. A fault is a RangeError that says which metric, which value, and what is accepted:
 * a metric that met a NaN or a short array and went on would print a number that looks right.
 */

type Column = readonly unknown[] | ArrayLike<unknown>;

/** All columns have one row each for the same examples, at least one. Returns how many; throws RangeError otherwise. */
export function checkRows(metric: string, columns: Readonly<Record<string, Column>>): number {
  const lengths = Object.entries(columns).map(([name, { length }]) => [name, length] as const);
  const [first] = lengths;
  if (!first || first[1] === 0) throw new RangeError(`${metric}: ${first?.[0] ?? 'the input'} is empty; at least one example is needed.`);
  const other = lengths.find(([, length]) => length !== first[1]);
  if (other) throw new RangeError(`${metric}: ${first[0]} has ${first[1]} rows and ${other[0]} has ${other[1]}; both must have one row per example.`);
  return first[1];
}

/** Every value is a finite number, not under `min` and not over `max`. Throws RangeError for the first that is not. */
export function checkNumbers(metric: string, name: string, values: ArrayLike<number>, { min = -Infinity, max = Infinity } = {}): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Number.isFinite(value) && value >= min && value <= max) continue;
    throw new RangeError(`${metric}: ${name}[${row}] is ${value}; accepted are ${accepted(min, max)}.`);
  }
}

/** One whole number between `min` and `max`, both included. Throws RangeError otherwise. */
export function checkCount(metric: string, name: string, value: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${metric}: ${name} is ${value}; accepted are whole numbers from ${min} to ${max}.`);
}

/** A share strictly between 0 and 1, such as a confidence level. Throws RangeError otherwise. */
export function checkOpenShare(metric: string, name: string, value: number): void {
  if (value > 0 && value < 1) return;
  throw new RangeError(`${metric}: ${name} is ${value}; accepted are numbers between 0 and 1, both excluded.`);
}

function accepted(min: number, max: number): string {
  if (min === -Infinity && max === Infinity) return 'finite numbers';
  if (max === Infinity) return `finite numbers of at least ${min}`;
  return min === -Infinity ? `finite numbers of at most ${max}` : `numbers from ${min} to ${max}`;
}
