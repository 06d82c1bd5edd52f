import type { Clock } from '../../base/clock.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { Deployments } from '../deployments/index.ts';
import { EventLog } from './event-log.ts';
import type { DeploymentFigures, ReplicaEvent } from './model.ts';
import type { LiveFigures } from './ports.ts';
import { listEvents } from './store.ts';

export interface Viewer {
  readonly orgId: string;
  readonly orgName: string;
  readonly scopes: readonly Scope[];
}

export interface MonitoringOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly live: LiveFigures;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
}

/** What happened, and how things are. */
export class Monitoring {
  readonly #options: MonitoringOptions;
  readonly #log: EventLog;

  constructor(options: MonitoringOptions) {
    this.#options = options;
    this.#log = new EventLog(options);
  }

  /** Of the deployment's owner, unless another organisation is named. */
  record(event: Omit<ReplicaEvent, 'seq' | 'orgId' | 'at'>, orgId: string = this.#options.deployments.ownerOf(event.deployment)): void {
    this.#log.record({ ...event, orgId });
  }

  /** Writes what has been recorded. */
  close(): Promise<void> {
    return this.#log.close();
  }

  /** @throws Fault when the deployment is not the viewer's */
  events(viewer: Viewer, query: { readonly deployment?: string | undefined; readonly after?: number | undefined }, rowsMax: number): Promise<ReplicaEvent[]> {
    if (query.deployment !== undefined) this.#options.deployments.get(viewer, query.deployment);
    const orgId = viewer.scopes.includes('operator') ? undefined : viewer.orgId;
    return listEvents(this.#options.db, { orgId, deployment: query.deployment, after: query.after }, rowsMax);
  }

  figures(viewer: Viewer): readonly DeploymentFigures[] {
    const names = new Set(this.#options.deployments.list(viewer).map(({ name }) => name));
    return this.#options.live.now().filter(({ deployment }) => names.has(deployment));
  }
}
