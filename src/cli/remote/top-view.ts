import { fit, paint, table } from '../terminal.ts';

const BARS = '▁▂▃▄▅▆▇█';
const POINTS = 16;
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

export interface Picture extends Seen {
  /** Calls a second, oldest first. */
  readonly rates: ReadonlyMap<string, readonly number[]>;
}

/** The last pictures, for the curves. */
export class History {
  readonly #rates = new Map<string, number[]>();

  add(seen: Seen): Picture {
    for (const { deployment, callsPerSecond } of seen.figures) {
      const rates = [...(this.#rates.get(deployment) ?? []), callsPerSecond].slice(-POINTS);
      this.#rates.set(deployment, rates);
    }
    return { ...seen, rates: this.#rates };
  }
}

/** One picture as text that fits `columns`: the busiest deployment first. */
export function frame({ figures, deployments, rates }: Picture, columns: number): string {
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
        ms(of?.p50Ms),
        ms(of?.p99Ms),
        rate(of?.tokensPerSecond),
        `${of?.waiting ?? 0}+${of?.running ?? 0}`,
        memory === 0 ? '' : `${Math.round(memory / MIB)}M`,
        sparkline(rates.get(name) ?? []),
      ];
    });
  const failing = figures.filter(({ failedShare }) => failedShare > 0).map(({ deployment, failedShare }) => `${deployment} fails ${Math.round(failedShare * 100)} %`);
  const text = table(['DEPLOYMENT', 'UP', 'CALLS/S', 'FAIL', 'P50', 'P99', 'TOK/S', 'WAIT+RUN', 'MEM', 'RATE'], rows, columns);
  return failing.length === 0 ? text : `${text}\n\n${paint('red', fit(failing.join(', '), columns))}`;
}

/** A curve of bars, the highest of them full. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values, 0);
  return values.map((value) => BARS[top === 0 ? 0 : Math.round((value / top) * (BARS.length - 1))]).join('');
}

function ms(value: number | undefined): string {
  if (!value) return '';
  return value >= 1_000 ? `${(value / 1_000).toFixed(1)}s` : `${value.toFixed(value < 10 ? 1 : 0)}ms`;
}

function rate(value: number | undefined): string {
  return value ? value.toFixed(value < 10 ? 1 : 0) : '';
}
