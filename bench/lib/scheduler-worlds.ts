import { type Load, NO_LOAD, type RunningReplica, type WantedReplicas, type World } from '../../src/scheduler/decide/world.ts';
import { fleetOf } from '../../src/scheduler/simulate/fleet.ts';
import { Random } from '../../src/scheduler/simulate/random.ts';

/** The simulator's fleet in the size that P18 names. Deterministic. */
export const NODES = 1_000;
export const DEPLOYMENTS = 10_000;
const GIB = 1_073_741_824;
/** Room for all but some 3 %, and for all but some 1,300 of the deployments. */
const AMPLE_BYTES = 64 * GIB;
const TIGHT_BYTES = 54 * GIB;
const IDLE_MS = 300_000;
/** Share of the loaded models that are being called. */
const BUSY_SHARE = 0.3;
const COLD = 500;
const HOT = 300;
export const WORLDS_NOW = 10_000_000;

export const WORLD_NAMES = ['steady', 'cold burst', 'restart', 'eviction storm', 'hot storm', 'stuck'] as const;
export type WorldName = (typeof WORLD_NAMES)[number];

interface Filled {
  readonly world: World;
  readonly load: Map<string, Load>;
  readonly loaded: readonly WantedReplicas[];
  readonly unloaded: readonly WantedReplicas[];
}

/** Each is a situation as it could be met; what `decide` has to do in it differs. */
export function worldOf(name: WorldName): World {
  return MADE[name]();
}

const MADE: Readonly<Record<WorldName, () => World>> = {
  /** Nothing has to be done. */
  steady: () => filled(AMPLE_BYTES).world,
  /** Some hundred models are called that are not loaded, and there is room. */
  'cold burst': () => {
    const { world, load, loaded } = filled(AMPLE_BYTES);
    const gone = new Set(loaded.filter((_, index) => index % Math.floor(loaded.length / COLD) === 0).map(({ id }) => id));
    for (const id of gone) load.set(id, waiting(WORLDS_NOW - 500));
    return { ...world, replicas: world.replicas.filter(({ revision }) => !gone.has(revision)) };
  },
  /** The server comes up anew, and every model is to be loaded; each node holds the files of some. */
  restart: () => {
    const { world, load } = filled(AMPLE_BYTES);
    load.clear();
    const warm = Map.groupBy(world.replicas, ({ node }) => node);
    return {
      ...world,
      nodes: world.nodes.map((node) => ({ ...node, warm: new Set(warm.get(node.id)?.map(({ revision }) => revision)) })),
      replicas: [],
      revisions: world.revisions.map((revision) => ({ ...revision, replicasMin: 1 })),
    };
  },
  /** Every model that is not loaded is called, and others have to go for each. */
  'eviction storm': () => {
    const { world, load, unloaded } = filled(TIGHT_BYTES);
    for (const [index, { id }] of unloaded.entries()) load.set(id, waiting(WORLDS_NOW - (index % 50) * 100));
    return world;
  },
  /** Some hundred models are called more than their replica can serve. */
  'hot storm': () => {
    const { world, load, loaded } = filled(TIGHT_BYTES);
    for (const { id } of loaded.filter((_, index) => index % Math.floor(loaded.length / HOT) === 0))
      load.set(id, { ...waiting(WORLDS_NOW - 5_000), waiting: 20, running: 4, stableConcurrency: 24, panicConcurrency: 24 });
    return world;
  },
  /** As in the storm, but nobody may go: all that is loaded is of a higher priority. */
  stuck: () => {
    const { world, load, loaded, unloaded } = filled(TIGHT_BYTES);
    for (const { id } of unloaded) load.set(id, waiting(WORLDS_NOW - 5_000));
    const higher = new Set(loaded.map(({ id }) => id));
    return { ...world, revisions: world.revisions.map((revision) => (higher.has(revision.id) ? { ...revision, priority: 1 } : revision)) };
  },
};

function waiting(since: number): Load {
  return { ...NO_LOAD, waiting: 3, waitingSince: since, lastCallAt: since, stableConcurrency: 0.2, panicConcurrency: 2 };
}

/** Nodes that are filled one after the other, each deployment once, as long as memory lasts. */
function filled(nodeMemoryBytes: number): Filled {
  const random = new Random(1);
  const { nodes, models } = fleetOf({ nodes: NODES, deployments: DEPLOYMENTS, nodeMemoryBytes, idleMs: IDLE_MS, seed: 1 });
  const free = nodes.map(({ memoryBytes }) => memoryBytes);
  const load = new Map<string, Load>();
  const replicas: RunningReplica[] = [];
  const loaded: WantedReplicas[] = [];
  const unloaded: WantedReplicas[] = [];
  for (const { revision } of models) {
    const { id, memoryBytes } = revision;
    const at = free.findIndex((bytes) => bytes >= memoryBytes);
    const node = nodes[at];
    if (!node) {
      unloaded.push(revision);
      continue;
    }
    free[at] = (free[at] ?? 0) - memoryBytes;
    loaded.push(revision);
    replicas.push({ id: `replica-${id}`, revision: id, node: node.id, state: 'ready', since: WORLDS_NOW - 1_000_000, memoryBytes });
    const running = random.uniform() < BUSY_SHARE ? 1 + Math.floor(random.uniform() * 3) : 0;
    const lastCallAt = WORLDS_NOW - (running > 0 ? 0 : Math.floor(random.uniform() * 0.9 * IDLE_MS));
    load.set(id, { ...NO_LOAD, running, lastCallAt, stableConcurrency: running, panicConcurrency: running });
  }
  return { world: { nodes, revisions: models.map(({ revision }) => revision), replicas, crashes: new Map(), load }, load, loaded, unloaded };
}
