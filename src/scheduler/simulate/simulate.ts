import { Fault } from '../../contract/errors.ts';
import type { Action, Policy, World } from '../decide/world.ts';
import type { Arrival } from './arrivals.ts';
import { type Next, type SimulatedCall, SimulatedDeployment, type SimulatedLane, SimulatedReplica } from './deployment.ts';
import { EventHeap } from './event-heap.ts';
import type { Fleet } from './fleet.ts';
import { type Result, Tally } from './tally.ts';

/** As in `Reconciler`. */
const TICK_MS = 1_000;
const UNPUBLISHED_MS = 1_000;
const STOP_GRACE_MS = 30_000;
/**
 * Between two ticks decisions are taken at most so often, per node and deployment; what happens meanwhile is decided on together.
 * A large fleet's decision takes a live scheduler its time too.
 */
const STEP_GAP_MS_EACH = 0.03;
/** As in the gateway's configuration. */
const QUEUE_MAX = 256;

const NOBODY: ReadonlySet<string> = new Set();
const NO_CRASHES: World['crashes'] = new Map();

export interface Simulated {
  readonly fleet: Fleet;
  readonly policy: Policy;
  /** In the order of their times. */
  readonly arrivals: Iterable<Arrival>;
  /** The data plane's. */
  readonly next: Next;
  readonly minutes: number;
  /** The first token's objective: waiting and prefill together. */
  readonly sloMs: number;
}

/**
 * Runs a policy against arrivals in virtual time: the queue's `next` and the scheduler's `decide` are the live ones, what they act on
 * (engines, nodes, time) is made of numbers. Deterministic. Throws `policy_overfills` if the policy gives a node more than its memory.
 */
export function simulate(simulated: Simulated): Result {
  return new Simulation(simulated).run();
}

class Simulation {
  readonly #simulated: Simulated;
  readonly #tally: Tally;
  readonly #events = new EventHeap();
  readonly #replicas = new Map<string, SimulatedReplica>();
  readonly #deployments: readonly SimulatedDeployment[];
  readonly #byId: ReadonlyMap<string, SimulatedDeployment>;
  readonly #nodes: ReadonlyMap<string, { readonly memoryBytes: number; used: number; replicas: number }>;
  readonly #world: Omit<World, 'replicas'>;
  readonly #stepGapMs: number;
  #now = 0;
  #started = 0;
  #steppedAt = Number.NEGATIVE_INFINITY;
  #stepsSoon = false;

  constructor(simulated: Simulated) {
    const { nodes, models } = simulated.fleet;
    this.#simulated = simulated;
    this.#stepGapMs = STEP_GAP_MS_EACH * (nodes.length + models.length);
    this.#tally = new Tally(simulated.sloMs);
    this.#deployments = models.map((model) => new SimulatedDeployment(model));
    this.#byId = new Map(this.#deployments.map((deployment) => [deployment.model.revision.id, deployment]));
    this.#nodes = new Map(nodes.map(({ id, memoryBytes }) => [id, { memoryBytes, used: 0, replicas: 0 }]));
    const load = new Map([...this.#byId].map(([id, deployment]) => [id, deployment.load]));
    this.#world = { nodes, revisions: models.map(({ revision }) => revision), crashes: NO_CRASHES, load };
  }

  /** Events, arrivals and ticks in the order of their times; of one moment in this order. */
  run(): Result {
    const endMs = this.#simulated.minutes * 60_000;
    const arrivals = this.#simulated.arrivals[Symbol.iterator]();
    let arrival = arrivals.next();
    let tickAt = TICK_MS;
    this.#step();
    for (;;) {
      const arrivalAt = arrival.done ? Number.POSITIVE_INFINITY : arrival.value.atMs;
      const at = Math.min(this.#events.nextAt, arrivalAt, tickAt);
      if (at >= endMs) break;
      this.#now = at;
      if (this.#events.nextAt === at) this.#events.pop()?.happen();
      else if (!arrival.done && arrivalAt === at) {
        this.#arrive(arrival.value);
        arrival = arrivals.next();
      } else {
        for (const { load } of this.#deployments) load.sample(at);
        this.#step();
        tickAt += TICK_MS;
      }
    }
    return this.#end(endMs);
  }

  #end(now: number): Result {
    const waitingMs = this.#deployments.flatMap(({ queue }) => [...queue].map(({ arrival }) => now - arrival.atMs));
    const memoryBytes = this.#simulated.fleet.nodes.reduce((sum, node) => sum + node.memoryBytes, 0);
    return this.#tally.result(this.#simulated.policy.name, { now, memoryBytes, waitingMs });
  }

  #after(ms: number, happen: () => void): void {
    this.#events.push({ at: this.#now + ms, happen });
  }

  #arrive(arrival: Arrival): void {
    const deployment = this.#deployments[arrival.deployment];
    if (!deployment) throw new Fault('invalid_argument', 'no_such_deployment', `A call is for deployment ${arrival.deployment} of ${this.#deployments.length}.`);
    this.#tally.arrivals++;
    if (deployment.queue.size >= QUEUE_MAX) return this.#tally.refuse();
    deployment.load.lastCallAt = this.#now;
    deployment.queue.add({ revision: deployment.model.revision.id, rows: 1, batchKey: undefined, avoid: NOBODY, arrival });
    this.#pump(deployment);
    if (deployment.queue.size === 1 && deployment.replicas === 0) this.#stepSoon();
  }

  /** As the gateway's queue does. */
  #pump(deployment: SimulatedDeployment): void {
    const { queue, lanes, load } = deployment;
    while (queue.size > 0) {
      const pick = this.#simulated.next(queue, lanes);
      if (!pick) break;
      for (const call of pick.calls) queue.delete(call);
      for (const call of pick.calls) this.#serve(call, pick.lane);
    }
    load.waiting = queue.size;
    load.waitingSince = queue.size === 0 ? undefined : queue.values().next().value?.arrival.atMs;
  }

  #serve({ arrival }: SimulatedCall, lane: SimulatedLane): void {
    const { load, model } = lane.replica.deployment;
    const prefillMs = (arrival.contextTokens / model.prefillTokensPerSecond) * 1_000;
    const decodeMs = (arrival.generatedTokens / model.decodeTokensPerSecond) * 1_000;
    lane.busy++;
    load.running++;
    this.#tally.busySlots.change(1, this.#now);
    this.#tally.started(this.#now - arrival.atMs, prefillMs);
    this.#after(prefillMs + decodeMs, () => this.#finish(lane));
  }

  #finish(lane: SimulatedLane): void {
    const { replica } = lane;
    if (replica.gone) return;
    lane.busy--;
    this.#tally.served++;
    this.#tally.busySlots.change(-1, this.#now);
    if (replica.state === 'stopping') return this.#endIfDrained(replica);
    replica.deployment.load.running--;
    this.#pump(replica.deployment);
  }

  #stepSoon(): void {
    if (this.#stepsSoon) return;
    this.#stepsSoon = true;
    this.#after(Math.max(0, this.#steppedAt + this.#stepGapMs - this.#now), () => this.#step());
  }

  #step(): void {
    this.#stepsSoon = false;
    this.#steppedAt = this.#now;
    this.#tally.decisions++;
    const world = { ...this.#world, replicas: [...this.#replicas.values()] };
    for (const action of this.#simulated.policy.decide(world, this.#now)) this.#carryOut(action);
  }

  #carryOut(action: Action): void {
    if (action.type === 'stop') {
      const replica = this.#replicas.get(action.replica);
      if (replica && replica.state !== 'stopping') this.#stop(replica);
      return;
    }
    // No rollout is simulated.
    if (action.type !== 'start') return;
    const deployment = this.#byId.get(action.revision);
    if (deployment) this.#start(deployment, action.node);
  }

  #start(deployment: SimulatedDeployment, nodeId: string): void {
    const replica = new SimulatedReplica(`replica-${this.#started++}`, deployment, nodeId, this.#now);
    this.#reserve(nodeId, replica.memoryBytes);
    this.#tally.loads++;
    if (deployment.replicas === 0 && deployment.queue.size > 0) this.#tally.coldStarts++;
    deployment.replicas++;
    this.#replicas.set(replica.id, replica);
    this.#after(deployment.model.revision.loadMs, () => this.#loaded(replica));
  }

  #reserve(nodeId: string, bytes: number): void {
    const node = this.#nodes.get(nodeId);
    if (!node || node.used + bytes > node.memoryBytes)
      throw new Fault('internal', 'policy_overfills', `The policy "${this.#simulated.policy.name}" gives ${nodeId} ${bytes} bytes more than it has.`);
    node.used += bytes;
    if (node.replicas++ === 0) this.#tally.nodesUsed.change(1, this.#now);
    this.#tally.memory.change(bytes, this.#now);
  }

  #loaded(replica: SimulatedReplica): void {
    if (replica.state !== 'starting') return;
    const { deployment, lane } = replica;
    replica.moveTo('ready', this.#now);
    deployment.lanes = [...deployment.lanes, lane];
    this.#tally.slots.change(lane.free, this.#now);
    // What a policy does with a ready replica (count on it in a burst, send it away once it has served for a while) the next tick will do.
    this.#pump(deployment);
  }

  #stop(replica: SimulatedReplica): void {
    const { deployment, lane } = replica;
    const { load, model } = deployment;
    const idleMs = this.#now - Math.max(load.lastCallAt ?? replica.since, replica.since);
    const isCalled = load.waiting + load.running > 0 || idleMs < model.revision.idleMs;
    deployment.replicas--;
    if (replica.state === 'ready' && deployment.replicas === 0 && isCalled) this.#tally.evictions++;
    if (replica.state === 'ready') {
      deployment.lanes = deployment.lanes.filter((one) => one !== lane);
      load.running -= lane.busy;
    }
    replica.wasReady = replica.state === 'ready';
    replica.moveTo('stopping', this.#now);
    this.#after(UNPUBLISHED_MS, () => this.#endIfDrained(replica));
    this.#after(UNPUBLISHED_MS + STOP_GRACE_MS, () => this.#gone(replica));
  }

  #endIfDrained(replica: SimulatedReplica): void {
    if (replica.lane.busy === 0 && this.#now - replica.since >= UNPUBLISHED_MS) this.#gone(replica);
  }

  /** Its memory is free again; calls that it still ran are lost. */
  #gone(replica: SimulatedReplica): void {
    if (replica.gone) return;
    const { lane, memoryBytes } = replica;
    replica.gone = true;
    this.#replicas.delete(replica.id);
    this.#tally.cut += lane.busy;
    this.#tally.busySlots.change(-lane.busy, this.#now);
    if (replica.wasReady) this.#tally.slots.change(-(lane.busy + lane.free), this.#now);
    this.#tally.memory.change(-memoryBytes, this.#now);
    const node = this.#nodes.get(replica.node);
    if (node) node.used -= memoryBytes;
    if (node && --node.replicas === 0) this.#tally.nodesUsed.change(-1, this.#now);
    this.#stepSoon();
  }
}
