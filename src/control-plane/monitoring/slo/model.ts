/** What a deployment promises. Shares are from 0 to 1, both excluded. */
export interface Objective {
  readonly deployment: string;
  readonly orgId: string;
  /** Share of calls that do not fail by the server's or an engine's fault. */
  readonly availability: number;
  /** Share of calls that end within so many milliseconds. */
  readonly latency: { readonly ms: number; readonly share: number } | undefined;
  /** The error budget is for so long. */
  readonly windowDays: number;
}

/** Calls of a while, as objectives look at them. */
export interface Counted {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly calls: number;
  readonly failed: number;
  /** Longer than the latency objective. */
  readonly slow: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Pairs of windows for alerts on burn rate, and from which rate on each pages: both windows must be above it, the long one so that a blip does
 * not page, the short one so that the alert ends soon after the trouble.
 * Source: The Site Reliability Workbook (Beyer et al., 2018), chapter 5, "Multiwindow, Multi-Burn-Rate Alerts", for 30 days: 14.4 spends 2 % of
 * the budget in an hour, 6 spends 5 % in six.
 */
export const BURN_WINDOWS = ['1h/5m', '6h/30m'] as const;
export type BurnWindows = (typeof BURN_WINDOWS)[number];
const WINDOWS: Readonly<Record<BurnWindows, { readonly longMs: number; readonly shortMs: number; readonly pageAbove: number }>> = {
  '1h/5m': { longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, pageAbove: 14.4 },
  '6h/30m': { longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, pageAbove: 6 },
};
export const LONGEST_MS = Math.max(...Object.values(WINDOWS).map(({ longMs }) => longMs));

/** How fast the error budget is spent: 1 spends all of it in exactly the objective's window, 0 is no error. `(bad / all) / (1 − objective)`. */
export function burnRate(bad: number, all: number, objective: number): number {
  return all === 0 ? 0 : bad / all / (1 - objective);
}

/** What is left of the error budget: 1 all of it, 0 none, less than 0 overdrawn. */
export function budgetLeft(bad: number, all: number, objective: number): number {
  return 1 - burnRate(bad, all, objective);
}

export interface Burn {
  readonly windows: BurnWindows;
  readonly pageAbove: number;
  readonly long: number;
  readonly short: number;
  /** The lower of the two: this is what an alert compares. */
  readonly rate: number;
}

/** Of each pair of windows the objective that burns fastest; of whole minutes, the newest of which is over at `now`. */
export function burns(objective: Objective, minutes: readonly Counted[], now: number): Burn[] {
  const end = now - (now % MINUTE_MS);
  return BURN_WINDOWS.map((windows) => {
    const { longMs, shortMs, pageAbove } = WINDOWS[windows];
    const long = rates(objective, sum(minutes, end - longMs));
    const short = rates(objective, sum(minutes, end - shortMs));
    const pairs = long.map((rate, index) => ({ long: rate, short: short[index] ?? 0, rate: Math.min(rate, short[index] ?? 0) }));
    const [fastest = { long: 0, short: 0, rate: 0 }] = pairs.toSorted((a, b) => b.rate - a.rate || b.long - a.long);
    return { windows, pageAbove, ...fastest };
  });
}

/** Availability's, and latency's where it is promised. */
function rates({ availability, latency }: Objective, { calls, failed, slow }: Omit<Counted, 'start'>): number[] {
  return [burnRate(failed, calls, availability), ...(latency ? [burnRate(slow, calls, latency.share)] : [])];
}

/** All from `since` on. */
export function sum(counted: readonly Counted[], since: number): Omit<Counted, 'start'> {
  const all = { calls: 0, failed: 0, slow: 0 };
  for (const { start, calls, failed, slow } of counted) {
    if (start < since) continue;
    all.calls += calls;
    all.failed += failed;
    all.slow += slow;
  }
  return all;
}
