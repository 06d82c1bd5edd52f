import { fit, paint, table } from '../terminal.ts';
import { sparkline } from './sparkline.ts';

const MIB = 1_048_576;

export interface Figures {
  readonly deployment: string;
  readonly callsPerSecond: number;
  readonly failedShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly tokensPerSecond: number;
  readonly waiting: number;
  readonly running: number;
}

interface Replica {
  readonly state: string;
  readonly memoryBytes: number;
  readonly usage?: { readonly memoryBytes: number; readonly cpuSeconds: number };
}

export interface Seen {
  readonly figures: readonly Figures[];
  readonly deployments: readonly { readonly name: string; readonly revisions: readonly { readonly state: string; readonly replicas: readonly Replica[] }[] }[];
}

/** Calls a second, oldest first, by deployment. */
export type Curves = ReadonlyMap<string, readonly number[]>;

/** One picture as text that fits `columns`: the busiest deployment first; with curves where there are any to be shown. */
export function frame({ figures, deployments }: Seen, columns: number, curves?: Curves): string {
  const byName = new Map(figures.map((of) => [of.deployment, of]));
  const rows = deployments
    .map(({ name, revisions }) => ({ name, revisions, of: byName.get(name) }))
    .toSorted((a, b) => (b.of?.callsPerSecond ?? 0) - (a.of?.callsPerSecond ?? 0) || (a.name < b.name ? -1 : 1))
    .map(({ name, revisions, of }) => {
      const replicas = revisions.flatMap((revision) => revision.replicas);
      const ready = replicas.filter(({ state }) => state === 'ready').length;
      const memory = replicas.reduce((sum, { usage, memoryBytes }) => sum + (usage?.memoryBytes ?? memoryBytes), 0);
      return [
        name,
        `${ready}/${replicas.length}`,
        rate(of?.callsPerSecond),
        `${Math.round((of?.failedShare ?? 0) * 100)}%`,
        msText(of?.p50Ms),
        msText(of?.p99Ms),
        rate(of?.tokensPerSecond),
        `${of?.waiting ?? 0}+${of?.running ?? 0}`,
        memory === 0 ? '' : `${Math.round(memory / MIB)}M`,
        ...(curves ? [sparkline([...(curves.get(name) ?? []), of?.callsPerSecond ?? 0])] : []),
      ];
    });
  const failing = figures.filter(({ failedShare }) => failedShare > 0).map(({ deployment, failedShare }) => `${deployment} fails ${Math.round(failedShare * 100)} %`);
  const text = table(['DEPLOYMENT', 'UP', 'CALLS/S', 'FAIL', 'P50', 'P99', 'TOK/S', 'WAIT+RUN', 'MEM', ...(curves ? ['15 MIN'] : [])], rows, columns);
  return failing.length === 0 ? text : `${text}\n\n${paint('red', fit(failing.join(', '), columns))}`;
}

/** Empty for nothing: 0 milliseconds were never measured. */
export function msText(value: number | undefined): string {
  if (!value) return '';
  return value >= 1_000 ? `${(value / 1_000).toFixed(1)}s` : `${value.toFixed(value < 10 ? 1 : 0)}ms`;
}

function rate(value: number | undefined): string {
  return value ? value.toFixed(value < 10 ? 1 : 0) : '';
}
