import type { CallTotals } from '../../telemetry/call-stats.ts';
import type { DeploymentFigures } from './model.ts';

/** What monitoring needs of the gateway and its counters; `app/` gives it. */
export interface LiveFigures {
  /** Of every deployment that was called in the last minute, or has calls now. */
  now(): readonly DeploymentFigures[];
  /** Of every deployment that was called since this process started; only ever growing. */
  totals(): readonly CallTotals[];
}
