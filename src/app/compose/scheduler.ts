import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Fleet } from '../../control-plane/costing/index.ts';
import type { Scheduling, WantedRevision } from '../../control-plane/deployments/index.ts';
import { textShape } from '../../model-files/text-shape.ts';
import { demandPolicy } from '../../scheduler/decide/decide.ts';
import type { Node, Proposal } from '../../scheduler/decide/world.ts';
import { estimate } from '../../scheduler/estimate.ts';
import { listGpus } from '../../scheduler/gpus.ts';
import { probeMachine } from '../../scheduler/inventory.ts';
import { demandOf, type Machine, throughputOf } from '../../scheduler/throughput.ts';
import type { LoadReport } from '../../scheduler/rolling-load.ts';
import type { DesiredRevision, Launcher } from '../../scheduler/ports.ts';
import { Reconciler, type ReplicaEvent } from '../../scheduler/reconcile.ts';
import type { Traffic } from '../../scheduler/rollouts.ts';
import type { Events } from '../../telemetry/events.ts';

const GIB = 1_073_741_824;
/** A tensor engine computes one call or batch at a time; as many may wait beside it before another replica pays. */
const TENSOR_CONCURRENCY_MIN = 4;

export interface SchedulerParts {
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly events: Events;
  readonly node: Node;
  /** What the operator's file, or the list of upstreams, says of an engine that is not ours. */
  readonly foreign: { slotsOf(manifest: Manifest): number | undefined; memoryMibOf(manifest: Manifest): number };
  epoch(): number | undefined;
  load(): readonly LoadReport[];
  readonly traffic: Traffic;
  propose(proposal: Proposal): void;
  changed(): void;
  /** Told of each change of a replica. */
  happened(event: ReplicaEvent): void;
}

/** The reconciler, and the face that the deployments domain sees of it. */
export function composeScheduler({ clock, launcher, events, node, foreign, epoch, load, traffic, propose, changed, happened }: SchedulerParts): {
  readonly reconciler: Reconciler;
  readonly scheduling: Scheduling;
  readonly fleet: Fleet;
} {
  const event = (change: ReplicaEvent) => {
    events.replicaChanged(change);
    happened(change);
  };
  const reconciler = new Reconciler({ clock, launcher, nodes: [node], policy: demandPolicy, epoch, load, traffic, propose, changed, event });
  let machine: Machine | undefined;
  const scheduling: Scheduling = {
    want: (revisions, rollouts) =>
      reconciler.want(
        revisions.map((revision) => desired(revision, foreign)),
        rollouts,
      ),
    drain: (replicas) => reconciler.drain(replicas),
    epoch: () => epoch() ?? 0,
    admit(manifest, { threads }) {
      const { memoryBytes } = estimate(manifest, foreign.memoryMibOf(manifest));
      if (memoryBytes > node.memoryBytes) {
        throw new Fault(
          'insufficient_storage',
          'model_too_large',
          `A replica needs ${gib(memoryBytes)} of memory; this server has ${gib(node.memoryBytes)} for engines altogether.`,
        );
      }
      if (threads > node.threads) throw new Fault('insufficient_storage', 'too_many_threads', `A replica with ${threads} threads does not fit: this server has ${node.threads}.`);
    },
    estimate(manifest, threads, callsPerSecond) {
      // Probed when it is first asked for: it takes 50 ms of this thread.
      machine ??= probeMachine(() => clock.monotonic());
      const throughput = throughputOf(manifest, threads, machine);
      return {
        ...estimate(manifest, foreign.memoryMibOf(manifest)),
        machine,
        throughput,
        ...(callsPerSecond !== undefined && { demand: demandOf(manifest, callsPerSecond, throughput) }),
      };
    },
    async nodes() {
      const holdings = reconciler.holdings();
      const reservedBytes = holdings.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
      return [{ id: node.id, threads: node.threads, memoryBytes: node.memoryBytes, reservedBytes, replicas: holdings.length, gpus: await listGpus() }];
    },
    health: (revision) => reconciler.statusOf(revision),
    loaded: () => new Set(reconciler.holdings().map(({ deployment }) => deployment)),
    filesInUse: () => reconciler.filesInUse(),
    logs: (deployment, linesMax) => launcher.logs(deployment, linesMax),
  };
  return { reconciler, scheduling, fleet: fleetOf(reconciler, [node]) };
}

/** The reconciler as costing sees it. No engine is given a GPU of its own yet, so none is counted. */
function fleetOf(reconciler: Reconciler, nodes: readonly Node[]): Fleet {
  return {
    nodes: () => nodes.map(({ id, threads, memoryBytes }) => ({ id, cores: threads, memoryBytes, gpus: 0 })),
    replicas: () => reconciler.holdings().map(({ threads, usage, ...of }) => ({ ...of, cores: threads, gpus: 0, used: usage })),
  };
}

function desired({ id, deployment, digest, resources, manifest, files }: WantedRevision, foreign: SchedulerParts['foreign']): DesiredRevision {
  const { replicasMin, replicasMax, threads, priority, idleSeconds, targetConcurrency } = resources;
  const { memoryBytes, loadMs } = estimate(manifest, foreign.memoryMibOf(manifest));
  return {
    id,
    deployment,
    digest,
    replicasMin,
    replicasMax,
    targetConcurrency: targetConcurrency ?? foreign.slotsOf(manifest) ?? concurrencyOf(manifest),
    priority,
    idleMs: idleSeconds * 1_000,
    memoryBytes,
    threads: manifest.engine === 'remote' ? 0 : threads,
    loadMs,
    engine: { kind: manifest.engine, manifest, files, threads },
  };
}

/** What one replica serves at once. */
function concurrencyOf(manifest: Manifest): number {
  if (manifest.engine === 'llama') return textShape(manifest).slots;
  return Math.max(TENSOR_CONCURRENCY_MIN, manifest.batching?.maxBatchSize ?? 1);
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(2)} GiB`;
}
