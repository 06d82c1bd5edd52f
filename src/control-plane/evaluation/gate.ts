import { checkGate, type GateResult, parseCondition } from '../../contract/gate.ts';
import type { StoredEvaluation } from './store.ts';

/** Which model version is to be promoted, and by which report. */
export interface GateSubject {
  /** Whose reports count. */
  readonly orgId: string;
  readonly model: string;
  readonly version: number;
  /** The model version's digest: a number can come again after a model was removed. */
  readonly versionDigest?: string;
  /** This report and no other; the newest of the version unless told otherwise. */
  readonly reportId?: string;
  /** Only reports on this dataset. */
  readonly dataset?: string;
}

export interface GateVerdict {
  readonly met: boolean;
  /** The report that decided; undefined when there is none. */
  readonly reportId: string | undefined;
  readonly results: readonly GateResult[];
  /** One sentence for people. */
  readonly reason: string;
}

/** Judges the newest report (they come newest first) that this server measured, of the version alone. */
export function verdictOf(subject: GateSubject, conditions: readonly string[], reports: readonly StoredEvaluation[]): GateVerdict {
  for (const condition of conditions) parseCondition(condition);
  const report = reports.find((one) => isOf(subject, one));
  const name = `${subject.model}:${subject.version}`;
  if (!report) {
    const where = subject.dataset === undefined ? '' : ` on the dataset ${subject.dataset.slice(0, 19)}…`;
    const which =
      subject.reportId === undefined ? `There is no report of a run of ${name} alone${where}` : `The report ${subject.reportId} is not of a run of ${name} alone${where}`;
    return { met: false, reportId: undefined, results: checkGate(conditions, {}), reason: `${which}; make one with "modelyard eval ${name}".` };
  }
  return judge(report, conditions);
}

/** @throws Fault for a text that is no condition */
export function judge(report: StoredEvaluation, conditions: readonly string[]): GateVerdict {
  const results = checkGate(conditions, gateValues(report));
  const unmet = results.filter(({ met }) => !met);
  const all = results.length === 1 ? 'the condition' : `all ${results.length} conditions`;
  const reason = unmet.length === 0 ? `${report.id} meets ${all}.` : `${report.id}: ${unmet.map(words).join('; ')}.`;
  return { met: unmet.length === 0, reportId: report.id, results, reason };
}

function isOf({ model, version, versionDigest, dataset }: GateSubject, { run }: StoredEvaluation): boolean {
  const [only, ...others] = run?.versions ?? [];
  if (!only || others.length > 0 || only.model !== model || only.version !== version) return false;
  return (versionDigest === undefined || only.digest === versionDigest) && (dataset === undefined || run?.dataset.digest === dataset);
}

/** What conditions may name: every metric, and of a run `failed`, `latency_p50_ms` and `latency_p99_ms`. */
function gateValues({ report, run }: StoredEvaluation): Record<string, number | undefined> {
  const metrics = Object.entries(report.metrics).map(([name, { value }]) => [name, value] as const);
  const ofRun = run && { failed: run.failed.count, latency_p50_ms: run.latencyMs.p50, latency_p99_ms: run.latencyMs.p99 };
  return { ...Object.fromEntries(metrics), ...ofRun };
}

function words({ condition, value }: GateResult): string {
  return value === undefined ? `${condition} can't be judged, it was not measured` : `${condition} is not met, it is ${Number(value.toPrecision(6))}`;
}
