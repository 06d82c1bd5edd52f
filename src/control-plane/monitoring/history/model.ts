import { DurationHistogram } from '../../../telemetry/histogram.ts';

/** What a deployment did for a while. */
export interface Rollup {
  readonly deployment: string;
  readonly orgId: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly calls: number;
  /** By the server's or an engine's fault. */
  readonly failed: number;
  readonly promptTokens: number;
  /** Of the prompt tokens, those from a prefix cache. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly duration: DurationHistogram;
  readonly firstByte: DurationHistogram;
  /** The most calls that waited, or ran, at a look; likewise replicas that were ready, and bytes that all of them took. */
  readonly waiting: number;
  readonly running: number;
  readonly replicas: number;
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  /** Engines that ended without being asked to. */
  readonly restarts: number;
}

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3_600;

/** Two times of one deployment as one that begins at `start`: counts are added, levels are the higher one. */
export function merged(a: Rollup, b: Rollup, start: number): Rollup {
  const both = (one: DurationHistogram, other: DurationHistogram) => {
    const sum = new DurationHistogram();
    sum.merge(one);
    sum.merge(other);
    return sum;
  };
  return {
    deployment: a.deployment,
    orgId: b.orgId,
    start,
    calls: a.calls + b.calls,
    failed: a.failed + b.failed,
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    duration: both(a.duration, b.duration),
    firstByte: both(a.firstByte, b.firstByte),
    waiting: Math.max(a.waiting, b.waiting),
    running: Math.max(a.running, b.running),
    replicas: Math.max(a.replicas, b.replicas),
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
    cpuSeconds: a.cpuSeconds + b.cpuSeconds,
    restarts: a.restarts + b.restarts,
  };
}

/** Rollups joined into steps of `stepMs`, aligned to 1970; by deployment and time, both rising. */
export function inSteps(rollups: readonly Rollup[], stepMs: number): Rollup[] {
  const joined = new Map<string, Rollup>();
  for (const rollup of rollups) {
    const start = Math.floor(rollup.start / stepMs) * stepMs;
    const key = `${rollup.deployment} ${start}`;
    const known = joined.get(key);
    joined.set(key, known ? merged(known, rollup, start) : { ...rollup, start });
  }
  return [...joined.values()].toSorted((a, b) => (a.deployment === b.deployment ? a.start - b.start : a.deployment < b.deployment ? -1 : 1));
}

const STEPS_SECONDS = [60, 300, 900, HOUR_SECONDS, 6 * HOUR_SECONDS, 24 * HOUR_SECONDS];
const POINTS_WANTED = 120;

/** The step that shows a span in about a hundred points. */
export function stepFor(spanMs: number): number {
  return STEPS_SECONDS.find((step) => spanMs / (step * 1_000) <= POINTS_WANTED) ?? 24 * HOUR_SECONDS;
}
