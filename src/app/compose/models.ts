import type { Clock } from '../../base/clock.ts';
import type { RoutesFeed } from '../../contract/feeds.ts';
import { Deployments, type DeploymentsOptions, type Scheduling } from '../../control-plane/deployments/index.ts';
import { Evaluation, EvaluationRuns, type Gateway } from '../../control-plane/evaluation/index.ts';
import { PLATFORM } from '../../control-plane/identity/index.ts';
import { Jobs } from '../../control-plane/jobs/index.ts';
import { BlobStore, Downloads, FilePulls, type HubSettings, Registry, type RegistryOptions } from '../../control-plane/registry/index.ts';
import type { Db } from '../../db/open.ts';
import type { Egress } from '../../egress/egress.ts';
import type { Events } from '../../telemetry/events.ts';

export interface ModelsParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
  readonly blobFolder: string;
  readonly garbage: GarbageSettings;
  readonly hub: HubSettings;
  readonly egress: Egress;
  readonly threadsDefault: number;
  readonly scheduling: Scheduling;
  readonly gateway: Gateway;
  readonly foreign: NonNullable<RegistryOptions['foreign']>;
  publish(feed: RoutesFeed): void;
  happened: DeploymentsOptions['happened'];
}

/** How often garbage is collected, and how long it stays, milliseconds. */
export interface GarbageSettings {
  readonly everyMs: number;
  readonly graceMs: number;
}

/** What is published, what of it runs, and how good it is. */
export function composeModels({ db, clock, events, blobFolder, garbage, hub, egress, gateway, foreign, ...parts }: ModelsParts) {
  const problem = (error: unknown) => events.controlProblem(error);
  const blobs = new BlobStore(blobFolder, { clock, holdMs: garbage.graceMs });
  const registry: Registry = new Registry({
    db,
    clock,
    blobs,
    platformName: PLATFORM,
    deployedDigests: () => deployments.deployedDigests(),
    foreign,
    garbage: { ...garbage, problem, filesInUse: () => parts.scheduling.filesInUse(), collected: (report) => events.garbageCollected(report) },
  });
  const evaluation = new Evaluation(db, clock);
  const deployments: Deployments = new Deployments({ db, clock, registry, evaluation, ...parts, problem });
  const jobs = new Jobs({ db, clock, failed: (kind, fault) => events.jobFailed(kind, fault) });
  const evaluationRuns = new EvaluationRuns({ db, clock, jobs, evaluation, gateway });
  const filePulls = new FilePulls({ registry, jobs, clock, downloads: new Downloads({ egress, blobs, clock, hub }) });
  return { registry, filePulls, evaluation, deployments, jobs, evaluationRuns };
}
