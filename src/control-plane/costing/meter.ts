import { workload } from './formulas.ts';
import { type DeploymentHour, HOUR_MS, hourOf, type Measured, type NodeHour } from './model.ts';
import type { NodeCapacity, ReplicaHolding } from './ports.ts';

/** Rows that wait to be written; more, while the database is away, and the oldest go. */
const ROWS_MAX = 20_000;

/** What is there now, and for how long that is taken to have been so. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly elapsedSeconds: number;
  readonly nodes: readonly NodeCapacity[];
  readonly replicas: readonly ReplicaHolding[];
  readonly stored: readonly StoredBytes[];
}

export interface StoredBytes {
  readonly deployment: string;
  readonly bytes: number;
}

type Adding<T> = { -readonly [Field in keyof T]: T[Field] };

/**
 * Adds samples up to one row per deployment and hour. A replica that is seen for the first time counts from its start, with all CPU time that its process has used; one that has gone counts to the
 * last sample that saw it. Processes start at zero CPU seconds, so a count that has fallen is a new process's.
 */
export class Meter {
  readonly #ownerOf: (deployment: string) => string;
  readonly #deployments = new Map<string, Adding<DeploymentHour>>();
  readonly #nodes = new Map<string, Adding<NodeHour>>();
  /** CPU seconds of each replica as of the last sample. */
  #cpuSeconds: ReadonlyMap<string, number> = new Map();

  constructor(ownerOf: (deployment: string) => string) {
    this.#ownerOf = ownerOf;
  }

  take({ at, elapsedSeconds, nodes, replicas, stored }: Sample): void {
    const cpuSeconds = new Map<string, number>();
    for (const node of nodes) this.#takeNode(node, at, elapsedSeconds);
    for (const replica of replicas) {
      this.#takeReplica(replica, at, elapsedSeconds);
      // One whose use could not be read this time is not taken for a new one the next time.
      const cpu = replica.used?.cpuSeconds ?? this.#cpuSeconds.get(replica.id);
      if (cpu !== undefined) cpuSeconds.set(replica.id, cpu);
    }
    this.#cpuSeconds = cpuSeconds;
    for (const { deployment, bytes } of stored) {
      for (const { hour, seconds } of hoursOf(at, elapsedSeconds)) this.#row(hour, deployment).storedByteSeconds += bytes * seconds;
    }
  }

  /** Hands over all rows, and begins anew. */
  drain(): Measured {
    const measured = { deployments: [...this.#deployments.values()], nodes: [...this.#nodes.values()] };
    this.#deployments.clear();
    this.#nodes.clear();
    return measured;
  }

  /** Takes rows back that could not be written. Returns how many had to go for want of room. */
  giveBack({ deployments, nodes }: Measured): number {
    for (const row of deployments) add(this.#row(row.hour, row.deployment), row);
    for (const row of nodes) add(this.#node(row.hour, row.node), row);
    return trim(this.#deployments) + trim(this.#nodes);
  }

  #takeNode({ id, cores, memoryBytes, gpus }: NodeCapacity, at: number, elapsedSeconds: number): void {
    for (const { hour, seconds } of hoursOf(at, elapsedSeconds)) {
      add(this.#node(hour, id), { upSeconds: seconds, coreSeconds: cores * seconds, byteSeconds: memoryBytes * seconds, gpuSeconds: gpus * seconds });
    }
  }

  #takeReplica({ id, deployment, startedAt, cores, memoryBytes, gpus, used }: ReplicaHolding, at: number, elapsedSeconds: number): void {
    const known = this.#cpuSeconds.get(id);
    const held = known === undefined ? Math.min(elapsedSeconds, Math.max(0, at - startedAt) / 1000) : elapsedSeconds;
    if (held <= 0) return;
    const cpu = used ? cpuSince(known, used.cpuSeconds) : 0;
    for (const { hour, seconds } of hoursOf(at, held)) {
      const usedCores = (cpu * seconds) / held;
      const usedBytes = (used?.memoryBytes ?? 0) * seconds;
      add(this.#row(hour, deployment), {
        replicaSeconds: seconds,
        measuredSeconds: used ? seconds : 0,
        requestCoreSeconds: cores * seconds,
        usedCoreSeconds: usedCores,
        workloadCoreSeconds: workload(cores * seconds, usedCores),
        requestByteSeconds: memoryBytes * seconds,
        usedByteSeconds: usedBytes,
        workloadByteSeconds: workload(memoryBytes * seconds, usedBytes),
        gpuSeconds: gpus * seconds,
      });
    }
  }

  #row(hour: number, deployment: string): Adding<DeploymentHour> {
    return entry(this.#deployments, `${hour} ${deployment}`, () => ({ hour, deployment, orgId: this.#ownerOf(deployment), ...NOTHING_HELD }));
  }

  #node(hour: number, node: string): Adding<NodeHour> {
    return entry(this.#nodes, `${hour} ${node}`, () => ({ hour, node, upSeconds: 0, coreSeconds: 0, byteSeconds: 0, gpuSeconds: 0 }));
  }
}

const NOTHING_HELD = {
  replicaSeconds: 0,
  measuredSeconds: 0,
  requestCoreSeconds: 0,
  usedCoreSeconds: 0,
  workloadCoreSeconds: 0,
  requestByteSeconds: 0,
  usedByteSeconds: 0,
  workloadByteSeconds: 0,
  gpuSeconds: 0,
  storedByteSeconds: 0,
};

/** The hours that the last `elapsedSeconds` before `at` lie in, with the seconds in each. */
function hoursOf(at: number, elapsedSeconds: number): { readonly hour: number; readonly seconds: number }[] {
  const from = at - elapsedSeconds * 1000;
  const hours: { hour: number; seconds: number }[] = [];
  for (let hour = hourOf(from); hour < at; hour += HOUR_MS) hours.push({ hour, seconds: (Math.min(at, hour + HOUR_MS) - Math.max(from, hour)) / 1000 });
  return hours;
}

function cpuSince(known: number | undefined, now: number): number {
  return known === undefined || now < known ? now : now - known;
}

/** Adds the numbers whose names end in Seconds; the others say what they are of. */
function add<T extends object>(to: T, more: Partial<T>): void {
  for (const field of Object.keys(more) as (keyof T & string)[]) {
    if (field.endsWith('Seconds')) (to as Record<string, number>)[field] = (to[field] as number) + (more[field] as number);
  }
}

function entry<T>(rows: Map<string, T>, key: string, make: () => T): T {
  const known = rows.get(key);
  if (known) return known;
  const made = make();
  rows.set(key, made);
  return made;
}

function trim(rows: Map<string, unknown>): number {
  const over = Math.max(0, rows.size - ROWS_MAX);
  for (const key of rows.keys().take(over)) rows.delete(key);
  return over;
}
