import { demandPolicy } from '../../src/scheduler/decide/decide.ts';
import type { Action, RunningReplica, World } from '../../src/scheduler/decide/world.ts';
import { serveOrders } from '../lib/process.ts';
import { type WorldName, WORLDS_NOW, worldOf } from '../lib/scheduler-worlds.ts';

/** The live policy, in a process of its own: decides on one of the worlds, tick after tick, as the reconciler would. */
const TICK_MS = 1_000;

export interface DecideOrder {
  readonly world: WorldName;
  readonly ticks: number;
}

export interface Decided {
  /** Of each decision, milliseconds. */
  readonly ms: readonly number[];
  /** Of the deciding thread on a CPU: other work on the machine does not add to it. */
  readonly cpuMs: readonly number[];
  readonly starts: readonly number[];
  readonly stops: readonly number[];
}

/** What is there a tick later: what was to end has ended one tick after its order, what was started is ready. */
function applied(world: World, actions: readonly Action[], now: number): World {
  const memory = new Map(world.revisions.map(({ id, memoryBytes }) => [id, memoryBytes]));
  const stopped = new Set(actions.flatMap((action) => (action.type === 'stop' ? [action.replica] : [])));
  const load = new Map(world.load);
  const replicas = world.replicas
    .filter(({ state }) => state !== 'stopping')
    .map((replica): RunningReplica => (stopped.has(replica.id) ? { ...replica, state: 'stopping', since: now } : replica));
  for (const [index, action] of actions.entries()) {
    if (action.type !== 'start') continue;
    replicas.push({ id: `${now}-${index}`, revision: action.revision, node: action.node, state: 'ready', since: now, memoryBytes: memory.get(action.revision) ?? 0 });
    const its = load.get(action.revision);
    if (its) load.set(action.revision, { ...its, running: its.waiting + its.running, waiting: 0, waitingSince: undefined });
  }
  return { ...world, replicas, load };
}

function decideOn({ world: name, ticks }: DecideOrder): Decided {
  let world = worldOf(name);
  const ms: number[] = [];
  const cpuMs: number[] = [];
  const starts: number[] = [];
  const stops: number[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    const now = WORLDS_NOW + tick * TICK_MS;
    const cpuBefore = process.threadCpuUsage();
    const began = performance.now();
    const actions = demandPolicy.decide(world, now);
    ms.push(performance.now() - began);
    const { user, system } = process.threadCpuUsage(cpuBefore);
    cpuMs.push((user + system) / 1_000);
    starts.push(actions.filter(({ type }) => type === 'start').length);
    stops.push(actions.filter(({ type }) => type === 'stop').length);
    world = applied(world, actions, now);
  }
  return { ms, cpuMs, starts, stops };
}

await serveOrders<DecideOrder>({ ready: true }, (order) => Promise.resolve(decideOn(order)));
