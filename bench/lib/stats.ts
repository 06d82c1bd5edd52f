/** The `share` quantile (0–1) by linear interpolation; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export interface Spread {
  readonly median: number;
  /** First and third quartile. */
  readonly iqr: readonly [number, number];
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), iqr: [quantile(values, 0.25), quantile(values, 0.75)] };
}

/** The spread of `above[i] / below[i]`: both were measured in the same round. */
export function ratioOf(above: readonly number[], below: readonly number[]): Spread {
  return spreadOf(above.map((value, round) => value / (below[round] ?? Number.NaN)));
}
