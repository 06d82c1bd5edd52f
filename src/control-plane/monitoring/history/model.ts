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

const EMPTY: Omit<Rollup, 'deployment' | 'orgId' | 'start'> = {
  calls: 0,
  failed: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  duration: new DurationHistogram(),
  firstByte: new DurationHistogram(),
  waiting: 0,
  running: 0,
  replicas: 0,
  memoryBytes: 0,
  cpuSeconds: 0,
  restarts: 0,
};

/** Two times of one deployment as one that begins at `start`: counts are added, levels are the higher one. Neither is changed. */
export function merged(a: Rollup, b: typeof EMPTY, start: number): Rollup {
  const duration = new DurationHistogram();
  const firstByte = new DurationHistogram();
  duration.merge(a.duration);
  firstByte.merge(a.firstByte);
  return added({ ...a, start, duration, firstByte }, b);
}

/** The same into the first's own histograms. */
function added(a: Rollup, b: typeof EMPTY): Rollup {
  a.duration.merge(b.duration);
  a.firstByte.merge(b.firstByte);
  return {
    deployment: a.deployment,
    orgId: a.orgId,
    start: a.start,
    calls: a.calls + b.calls,
    failed: a.failed + b.failed,
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    duration: a.duration,
    firstByte: a.firstByte,
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
    joined.set(key, known ? added(known, rollup) : merged(rollup, EMPTY, start));
  }
  return [...joined.values()].toSorted((a, b) => (a.deployment === b.deployment ? a.start - b.start : a.deployment < b.deployment ? -1 : 1));
}

const STEPS_SECONDS = [60, 300, 900, HOUR_SECONDS, 6 * HOUR_SECONDS, 24 * HOUR_SECONDS];
const POINTS_WANTED = 120;

/** The step that shows a span in about a hundred points. */
export function stepFor(spanMs: number): number {
  return STEPS_SECONDS.find((step) => spanMs / (step * 1_000) <= POINTS_WANTED) ?? 24 * HOUR_SECONDS;
}
