/** Sums and order statistics that the metrics share. All take finite numbers; none checks. */

/** Neumaier's compensated sum: the same to the last digits whatever the order of the rows. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return Number.isFinite(total) ? total + lost : total;
}

/** The sum of `of(row)` for rows 0 … count−1, compensated. */
export function sumOver(count: number, of: (row: number) => number): number {
  return sum(rows(count, of));
}

/** The mean of `of(row)` for rows 0 … count−1; count ≥ 1. */
export function meanOver(count: number, of: (row: number) => number): number {
  return sumOver(count, of) / count;
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Σ wᵢxᵢ / Σ wᵢ; the plain mean when all weights are 0, as scikit-learn's `_nanaverage` has it. */
export function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const total = sum(weights);
  return total === 0 ? mean(values) : sumOver(values.length, (row) => weights[row]! * values[row]!) / total;
}

/** The q-quantile (0 ≤ q ≤ 1) of sorted values, linear between neighbours: NumPy's default, Hyndman and Fan's type 7. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * ((sorted[below + 1] ?? low) - low);
}

/** The q-quantile of values in any order; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  return values.length === 0 ? Number.NaN : quantileOfSorted(Float64Array.from(values).toSorted(), q);
}

export function median(values: readonly number[]): number {
  return quantile(values, 1 / 2);
}

function* rows(count: number, of: (row: number) => number): Generator<number> {
  for (let row = 0; row < count; row++) yield of(row);
}
