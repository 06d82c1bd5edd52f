import type { Clock } from '../../base/clock.ts';
import type { RoutesFeed } from '../../contract/feeds.ts';
import { Deployments, type DeploymentsOptions, type Scheduling } from '../../control-plane/deployments/index.ts';
import { Evaluation, EvaluationRuns, type Gateway } from '../../control-plane/evaluation/index.ts';
import { PLATFORM } from '../../control-plane/identity/index.ts';
import { Jobs } from '../../control-plane/jobs/index.ts';
import { BlobStore, Registry, type RegistryOptions } from '../../control-plane/registry/index.ts';
import type { Db } from '../../db/open.ts';
import type { Events } from '../../telemetry/events.ts';

export interface ModelsParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
  readonly blobFolder: string;
  readonly threadsDefault: number;
  readonly scheduling: Scheduling;
  readonly gateway: Gateway;
  readonly foreign: NonNullable<RegistryOptions['foreign']>;
  publish(feed: RoutesFeed): void;
  happened: DeploymentsOptions['happened'];
}

/** What is published, what of it runs, and how good it is. */
export function composeModels({ db, clock, events, blobFolder, gateway, foreign, ...parts }: ModelsParts) {
  const registry: Registry = new Registry({
    db,
    clock,
    blobs: new BlobStore(blobFolder),
    platformName: PLATFORM,
    deployedDigests: () => deployments.deployedDigests(),
    foreign,
  });
  const evaluation = new Evaluation(db, clock);
  const deployments: Deployments = new Deployments({ db, clock, registry, evaluation, ...parts, problem: (error) => events.controlProblem(error) });
  const jobs = new Jobs({ db, clock, failed: (kind, fault) => events.jobFailed(kind, fault) });
  const evaluationRuns = new EvaluationRuns({ db, clock, jobs, evaluation, gateway });
  return { registry, evaluation, deployments, jobs, evaluationRuns };
}
