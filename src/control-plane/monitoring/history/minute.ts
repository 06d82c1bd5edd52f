import type { CallTotals } from '../../../telemetry/call-stats.ts';
import { DurationHistogram } from '../../../telemetry/histogram.ts';
import type { DeploymentView } from '../../deployments/index.ts';
import type { DeploymentFigures } from '../model.ts';
import type { Rollup } from './model.ts';

interface Levels {
  waiting: number;
  running: number;
  replicas: number;
  memoryBytes: number;
  cpuSeconds: number;
  restarts: number;
}

/** What is seen of all deployments between two writes. */
export class Minute {
  readonly #levels = new Map<string, Levels>();
  /** Seconds on a CPU at the last look, by replica. */
  #cpu: ReadonlyMap<string, number> = new Map();
  #before: ReadonlyMap<string, CallTotals> = new Map();

  /** A look at what waits, runs and is loaded. */
  look(figures: readonly DeploymentFigures[], deployments: readonly DeploymentView[]): void {
    for (const { deployment, waiting, running } of figures) {
      if (waiting + running === 0) continue;
      const levels = this.#of(deployment);
      levels.waiting = Math.max(levels.waiting, waiting);
      levels.running = Math.max(levels.running, running);
    }
    const cpu = new Map<string, number>();
    for (const { name, health } of deployments) {
      const replicas = Object.values(health).flatMap((of) => of.replicas);
      if (replicas.length === 0) continue;
      const levels = this.#of(name);
      levels.replicas = Math.max(levels.replicas, replicas.filter(({ state }) => state === 'ready').length);
      levels.memoryBytes = Math.max(
        levels.memoryBytes,
        replicas.reduce((sum, { usage, memoryBytes }) => sum + (usage?.memoryBytes ?? memoryBytes), 0),
      );
      for (const { id, usage } of replicas) {
        if (!usage) continue;
        levels.cpuSeconds += Math.max(0, usage.cpuSeconds - (this.#cpu.get(id) ?? 0));
        cpu.set(id, usage.cpuSeconds);
      }
    }
    this.#cpu = cpu;
  }

  restarted(deployment: string): void {
    this.#of(deployment).restarts += 1;
  }

  /** What there was since the last time this was asked; nothing of deployments that did nothing and had nothing loaded. */
  take(totals: readonly CallTotals[], start: number, ownerOf: (deployment: string) => string): Rollup[] {
    const now = new Map(totals.map((of) => [of.deployment, of]));
    const names = new Set([...now.keys(), ...this.#levels.keys()]);
    const rollups = [...names].map((name) => ({ ...this.#of(name), ...since(now.get(name), this.#before.get(name)), deployment: name, orgId: ownerOf(name), start }));
    this.#before = now;
    this.#levels.clear();
    return rollups.filter(({ calls, replicas, waiting, running, restarts }) => calls + replicas + waiting + running + restarts > 0);
  }

  #of(deployment: string): Levels {
    const known = this.#levels.get(deployment);
    if (known) return known;
    const made: Levels = { waiting: 0, running: 0, replicas: 0, memoryBytes: 0, cpuSeconds: 0, restarts: 0 };
    this.#levels.set(deployment, made);
    return made;
  }
}

function since(now: CallTotals | undefined, before: CallTotals | undefined) {
  const none = new DurationHistogram();
  const count = (field: 'calls' | 'serverFaults' | 'promptTokens' | 'cachedTokens' | 'completionTokens') => (now?.[field] ?? 0) - (before?.[field] ?? 0);
  return {
    calls: count('calls'),
    failed: count('serverFaults'),
    promptTokens: count('promptTokens'),
    cachedTokens: count('cachedTokens'),
    completionTokens: count('completionTokens'),
    duration: (now?.duration ?? none).since(before?.duration ?? none),
    firstByte: (now?.firstByte ?? none).since(before?.firstByte ?? none),
  };
}
