import type { RunningReplica } from '../decide/world.ts';
import type { Arrival } from './arrivals.ts';
import type { SimulatedModel } from './fleet.ts';
import { RollingLoad } from '../rolling-load.ts';

/** A call in a queue, as the data plane's `next` sees one. */
export interface SimulatedCall {
  readonly revision: string;
  readonly rows: number;
  readonly batchKey: string | undefined;
  readonly avoid: ReadonlySet<string>;
  readonly arrival: Arrival;
}

/** Which waiting call goes to which replica: the data plane's `next`, given by whoever may import both. */
export type Next = (waiting: Iterable<SimulatedCall>, lanes: readonly SimulatedLane[]) => { readonly lane: SimulatedLane; readonly calls: readonly SimulatedCall[] } | undefined;

/** A replica's slots, as `next` sees them. */
export class SimulatedLane {
  readonly replica: SimulatedReplica;
  readonly revision: { readonly id: string; readonly maxBatchSize: number };
  readonly #slots: number;
  busy = 0;

  constructor(replica: SimulatedReplica, slots: number) {
    this.replica = replica;
    this.revision = { id: replica.revision, maxBatchSize: 1 };
    this.#slots = slots;
  }

  get free(): number {
    return this.#slots - this.busy;
  }
}

/** A replica, as the scheduler sees it. */
export class SimulatedReplica implements RunningReplica {
  readonly id: string;
  readonly deployment: SimulatedDeployment;
  readonly node: string;
  readonly revision: string;
  readonly memoryBytes: number;
  readonly lane: SimulatedLane;
  state: RunningReplica['state'] = 'starting';
  since: number;
  /** It has given its memory back. */
  gone = false;
  /** It has served before it was stopped. */
  wasReady = false;

  constructor(id: string, deployment: SimulatedDeployment, node: string, since: number) {
    const { revision, slots } = deployment.model;
    this.id = id;
    this.deployment = deployment;
    this.node = node;
    this.since = since;
    this.revision = revision.id;
    this.memoryBytes = revision.memoryBytes;
    this.lane = new SimulatedLane(this, slots);
  }

  moveTo(state: RunningReplica['state'], now: number): void {
    this.state = state;
    this.since = now;
  }
}

/** One deployment with its queue. */
export class SimulatedDeployment {
  readonly model: SimulatedModel;
  readonly load = new RollingLoad();
  readonly queue = new Set<SimulatedCall>();
  /** Of those that are ready. */
  lanes: readonly SimulatedLane[] = [];
  /** Replicas that are not stopping. */
  replicas = 0;

  constructor(model: SimulatedModel) {
    this.model = model;
  }
}
