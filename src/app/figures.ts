import type { DeploymentFigures } from '../control-plane/monitoring/index.ts';
import type { GaugeSources } from '../telemetry/gauges.ts';
import type { ControlPlane } from './compose/control-plane.ts';
import type { RecentFigures } from '../telemetry/recent-calls.ts';

export interface Loaded {
  readonly deployment: string;
  readonly waiting: number;
  readonly running: number;
}

/** What metrics show of engines and objectives; the control plane comes later than the metrics. */
export function gaugeSources(control: () => Pick<ControlPlane, 'deployments' | 'slos'>): Omit<GaugeSources, 'load'> {
  const all = () => control().deployments.list({ orgId: '', orgName: '', scopes: ['operator'] });
  return {
    replicas: () =>
      all().flatMap(({ name, health }) =>
        Object.values(health)
          .flatMap(({ replicas }) => replicas)
          .map(({ id, state, slots, memoryBytes, usage }) => ({ deployment: name, replica: id, state, slots, memoryBytes, cpuSeconds: usage?.cpuSeconds })),
      ),
    burns: () => all().flatMap(({ name }) => (control().slos.burns(name) ?? []).map(({ windows, rate }) => ({ deployment: name, windows, rate }))),
  };
}

/** What waits and runs, all revisions of a deployment together. */
export function loadByDeployment(loads: readonly Loaded[]): { readonly name: string; readonly waiting: number; readonly running: number }[] {
  const sums = new Map<string, { name: string; waiting: number; running: number }>();
  for (const { deployment: name, waiting, running } of loads) {
    const sum = sums.get(name);
    if (!sum) sums.set(name, { name, waiting, running });
    else {
      sum.waiting += waiting;
      sum.running += running;
    }
  }
  return [...sums.values()];
}

/** The last minute's calls joined with what waits and runs now. */
export function figuresOf(recent: readonly RecentFigures[], loads: readonly Loaded[]): DeploymentFigures[] {
  const calls = new Map(recent.map((figures) => [figures.deployment, figures]));
  return loadByDeployment(loads).map(({ name, waiting, running }) => {
    const of = calls.get(name);
    const ms = (histogram: RecentFigures['duration'] | undefined, q: number) => (histogram?.quantile(q) ?? 0) * 1_000;
    return {
      deployment: name,
      callsPerSecond: of ? of.calls / of.seconds : 0,
      failedShare: of && of.calls > 0 ? of.failed / of.calls : 0,
      p50Ms: ms(of?.duration, 0.5),
      p99Ms: ms(of?.duration, 0.99),
      firstByteP50Ms: ms(of?.firstByte, 0.5),
      firstByteP99Ms: ms(of?.firstByte, 0.99),
      tokensPerSecond: of ? of.tokens / of.seconds : 0,
      waiting,
      running,
    };
  });
}
