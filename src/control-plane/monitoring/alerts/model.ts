import type { Burn, BurnWindows } from '../slo/model.ts';

/** What a rule can look at. `error_rate`: failed calls over calls, of the last minute; `p99_ms` and `first_byte_p99_ms`: milliseconds, of the last minute; `saturation`: waiting and running calls over slots; `quality`: a metric of the newest evaluation; `burn_rate`: how fast the error budget of the deployment's objective is spent. */
export const ALERT_METRICS = ['error_rate', 'p99_ms', 'first_byte_p99_ms', 'saturation', 'quality', 'burn_rate'] as const;
export type AlertMetric = (typeof ALERT_METRICS)[number];
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const COMPARISONS = ['above', 'below'] as const;

/** When to raise an alert. */
export interface Condition {
  readonly metric: AlertMetric;
  /** Of `quality`: which metric of the evaluation. */
  readonly qualityMetric: string | undefined;
  /** Of `burn_rate`: over which windows. */
  readonly burnWindows: BurnWindows | undefined;
  readonly comparison: (typeof COMPARISONS)[number];
  readonly threshold: number;
  /** So long it must hold before the alert fires; 0: at once. */
  readonly forSeconds: number;
}

export interface Rule extends Condition {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  /** undefined: each of those that its maker sees. */
  readonly deployment: string | undefined;
  readonly severity: Severity;
  readonly webhookUrl: string | undefined;
  readonly secretVersion: number;
  /** An operator's rule reaches all deployments, and its webhook what `egress.allow` opens. */
  readonly byOperator: boolean;
  readonly createdAt: number;
}

/** A rule that holds, or held, for one deployment. Times are milliseconds since 1970. */
export interface Alert {
  readonly id: string;
  readonly ruleId: string;
  readonly orgId: string;
  readonly ruleName: string;
  readonly deployment: string;
  readonly severity: Severity;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly value: number;
  /** For people: what was seen, against what. */
  readonly reason: string;
  readonly pendingAt: number;
  readonly firedAt: number | undefined;
  readonly resolvedAt: number | undefined;
}

/** What one deployment does now, as rules look at it. */
export interface Sample {
  readonly deployment: string;
  readonly callsPerSecond: number;
  readonly failedShare: number;
  readonly p99Ms: number;
  readonly firstByteP99Ms: number;
  readonly waiting: number;
  readonly running: number;
  readonly slots: number;
  /** Absent where nothing is promised. */
  readonly burns: readonly Burn[] | undefined;
}

/** The metric's value; undefined when nothing is known of it: no call in the last minute has neither errors nor latency. */
export function valueOf({ metric, burnWindows }: Condition, sample: Sample, quality: number | undefined): number | undefined {
  const isCalled = sample.callsPerSecond > 0;
  switch (metric) {
    case 'error_rate':
      return isCalled ? sample.failedShare : undefined;
    case 'p99_ms':
      return isCalled ? sample.p99Ms : undefined;
    case 'first_byte_p99_ms':
      return isCalled ? sample.firstByteP99Ms : undefined;
    case 'saturation':
      return (sample.waiting + sample.running) / Math.max(sample.slots, 1);
    case 'burn_rate':
      return sample.burns?.find(({ windows }) => windows === burnWindows)?.rate;
    case 'quality':
      return quality;
  }
}

export function holds({ comparison, threshold }: Condition, value: number | undefined): value is number {
  return value !== undefined && (comparison === 'above' ? value > threshold : value < threshold);
}

/** `error_rate is 0.5, above 0.05`, and at its end `…, not above 0.05 any more`. */
export function reasonOf(condition: Condition, value: number, isOver = false): string {
  const { comparison, threshold } = condition;
  return `${nameOf(condition)} is ${short(value)}, ${isOver ? 'not ' : ''}${comparison} ${short(threshold)}${isOver ? ' any more' : ''}`;
}

function nameOf({ metric, qualityMetric, burnWindows }: Condition): string {
  return burnWindows === undefined ? (qualityMetric ?? metric) : `${metric} of ${burnWindows}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** What becomes of an alert now that the condition holds (`since` when there was none yet). The same object: nothing changes. */
export function raised(alert: Alert, condition: Condition, value: number, now: number): Alert {
  const reason = reasonOf(condition, value);
  if (alert.state === 'pending' && now - alert.pendingAt >= condition.forSeconds * 1_000) return { ...alert, state: 'firing', value, reason, firedAt: now };
  return alert;
}

/** What becomes of an open alert when the condition holds no more. */
export function lowered(alert: Alert, why: string, now: number): Alert {
  const reason = alert.state === 'pending' ? `${why}, before it fired` : why;
  return { ...alert, state: 'resolved', reason, resolvedAt: now };
}
