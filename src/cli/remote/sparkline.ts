const BARS = '▁▂▃▄▅▆▇█';

/** A curve of bars, the highest of them full. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values, 0);
  return values.map((value) => BARS[top === 0 ? 0 : Math.round((value / top) * (BARS.length - 1))]).join('');
}

/** Values of steps as a curve's values, oldest first: steps in which nothing was written are 0, and if there are more than `pointsMax` the highest of neighbours stands for them. */
export function curveOf(points: readonly { readonly start: number; readonly value: number }[], { since, until, stepMs, pointsMax }: CurveSpan): number[] {
  const first = Math.floor(since / stepMs);
  const steps = Math.max(1, Math.ceil(until / stepMs) - first);
  const width = Math.ceil(steps / pointsMax);
  const values = Array<number>(Math.ceil(steps / width)).fill(0);
  for (const { start, value } of points) {
    const place = Math.floor((Math.floor(start / stepMs) - first) / width);
    if (place >= 0 && place < values.length) values[place] = Math.max(values[place] ?? 0, value);
  }
  return values;
}

export interface CurveSpan {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
  readonly stepMs: number;
  readonly pointsMax: number;
}
