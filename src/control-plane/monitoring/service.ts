import type { Clock } from '../../base/clock.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { Deployments } from '../deployments/index.ts';
import type { DeploymentFigures, ReplicaEvent } from './model.ts';
import type { LiveFigures } from './ports.ts';
import { deleteUpTo, insertEvents, lastSeq, listEvents } from './store.ts';

/** Events are written together when they come together. */
const GATHER_MS = 100;
const EVENTS_MAX = 100_000;
/** The oldest are taken away so many at a time. */
const TRIM_EVERY = 1_000;
/** While the database is away; what comes beyond is dropped, the oldest first. */
const WAITING_MAX = 10_000;

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
  #waiting: Omit<ReplicaEvent, 'seq'>[] = [];
  #seq: number | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: MonitoringOptions) {
    this.#options = options;
  }

  /** Of the deployment's owner, unless another organisation is named. */
  record(event: Omit<ReplicaEvent, 'seq' | 'orgId' | 'at'>, orgId: string = this.#options.deployments.ownerOf(event.deployment)): void {
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift();
    this.#waiting.push({ ...event, at: this.#options.clock.now(), orgId });
    this.#writing ??= this.#writeSoon();
  }

  /** Writes what has been recorded. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#write().catch((error: unknown) => this.#options.problem(error));
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

  async #writeSoon(): Promise<void> {
    await this.#options.clock.after(GATHER_MS);
    try {
      await this.#write();
    } catch (error) {
      this.#options.problem(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const { db } = this.#options;
    const first = (this.#seq ?? (await lastSeq(db))) + 1;
    const events = this.#waiting.map((event, index) => ({ ...event, seq: first + index }));
    await insertEvents(db, events);
    this.#waiting = this.#waiting.slice(events.length);
    this.#seq = first + events.length - 1;
    if (Math.floor(this.#seq / TRIM_EVERY) !== Math.floor((first - 1) / TRIM_EVERY)) await deleteUpTo(db, this.#seq - EVENTS_MAX);
  }
}
