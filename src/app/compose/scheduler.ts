import type { Clock } from '../../base/clock.ts';
import type { Scheduling } from '../../control-plane/deployments/index.ts';
import type { Launcher } from '../../scheduler/ports.ts';
import { Reconciler } from '../../scheduler/reconcile.ts';
import type { Events } from '../../telemetry/events.ts';

export interface SchedulerParts {
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly events: Events;
  changed(): void;
}

/** The reconciler, and the face that the deployments domain sees of it. */
export function composeScheduler({ clock, launcher, events, changed }: SchedulerParts): { readonly reconciler: Reconciler; readonly scheduling: Scheduling } {
  const reconciler = new Reconciler({ clock, launcher, changed, event: (change) => events.replicaChanged(change) });
  const scheduling: Scheduling = {
    want: (revisions) =>
      reconciler.want(
        revisions.map(({ id, deployment, replicas, threads, manifest, files }) => ({ id, deployment, replicas, engine: { kind: manifest.engine, manifest, files, threads } })),
      ),
    health: (revision) => reconciler.status().find(({ id }) => id === revision),
    logs: (deployment, linesMax) => launcher.logs(deployment, linesMax),
  };
  return { reconciler, scheduling };
}
