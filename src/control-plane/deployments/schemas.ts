import { type Static, Type } from 'typebox';
import { invalid } from '../../contract/errors.ts';
import type { DeploymentView } from './live.ts';
import { liveRevisions, runningRollout } from './model.ts';
import type { Rollout, Strategy } from './rollout.ts';

const REPLICAS_MAX = 64;
const Count = Type.Integer({ minimum: 0 });
export const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 160, description: 'org/name is written org%2Fname' }) });
const Scaling = {
  replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: REPLICAS_MAX, description: 'as many always: minReplicas and maxReplicas at once' })),
  minReplicas: Type.Optional(Type.Integer({ minimum: 0, maximum: REPLICAS_MAX, description: 'kept loaded while there is room; 0: loaded only while it is called' })),
  maxReplicas: Type.Optional(Type.Integer({ minimum: 1, maximum: REPLICAS_MAX })),
  idleSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'replicas beyond the minimum go after so long without a call' })),
};
export const Bounds = Type.Object(
  {
    ...Scaling,
    hedge: Type.Optional(Type.Boolean({ description: 'a call slower than 95 % of those before is sent to a second replica too; at most 5 % of the calls' })),
    strict: Type.Optional(Type.Boolean({ description: 'what OpenAI’s own server would ignore is refused: "stream_options" without a stream' })),
    fallback: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 160 }), Type.Null()], { description: 'deployment that is called in its place when it can not serve; null: none' }),
    ),
  },
  { additionalProperties: false },
);
const Model = Type.String({ minLength: 1, maxLength: 200, description: 'name, name:VERSION or name@LABEL' });
const Engine = {
  ...Scaling,
  targetConcurrency: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000, description: 'calls that one replica should have at a time' })),
  priority: Type.Optional(Type.Integer({ minimum: -100, maximum: 100, description: 'who is called may take memory from the same priority or a lower one' })),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
};
export const Order = Type.Object({ model: Model, name: Type.Optional(Type.String({ minLength: 1, maxLength: 160 })), ...Engine }, { additionalProperties: false });
const Canary = Type.Object(
  {
    steps: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 99 }), { minItems: 1, maxItems: 20, description: 'percent of the traffic, one after the other, growing; then all of it' }),
    ),
    checks: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'each step is watched for checks × checkSeconds' })),
    checkSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 86_400 })),
    errorIncreaseMax: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'it is taken back when so much more of its calls fail than of the other revision, as a fraction' }),
    ),
    latencyFactorMax: Type.Optional(Type.Number({ exclusiveMinimum: 1, maximum: 1_000, description: 'or when its 99th percentile is so many times that of the other revision' })),
  },
  { additionalProperties: false },
);
const Gates = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
  maxItems: 20,
  description: "conditions on the version's newest evaluation by this server, such as f1_macro>=0.85",
});
export const RolloutOrder = Type.Object({ model: Model, gates: Type.Optional(Gates), canary: Type.Optional(Canary), ...Engine }, { additionalProperties: false });
const RevisionSchema = Type.Object({
  id: Type.String(),
  model: Type.String(),
  version: Count,
  digest: Type.String(),
  weight: Count,
  createdAt: Count,
  resources: Type.Object({
    replicasMin: Count,
    replicasMax: Count,
    threads: Count,
    targetConcurrency: Type.Optional(Type.Number()),
    priority: Type.Integer(),
    idleSeconds: Count,
  }),
  state: Type.Enum(['loading', 'ready', 'idle', 'failed', 'stopped']),
  reason: Type.String(),
  restarts: Count,
  replicas: Type.Array(
    Type.Object({
      id: Type.String(),
      state: Type.String(),
      slots: Count,
      startedAt: Count,
      memoryBytes: Type.Integer({ minimum: 0, description: 'reserved, or used where that is more' }),
      pid: Type.Optional(Type.Integer({ minimum: 1, description: 'process of the engine, where it is on the server itself' })),
      usage: Type.Optional(Type.Object({ memoryBytes: Count, memoryPeakBytes: Count, cpuSeconds: Type.Number() })),
    }),
  ),
});
export const RolloutSchema = Type.Object({
  id: Type.String(),
  revision: Type.String(),
  previous: Type.String({ description: 'the revision that it replaces' }),
  state: Type.Enum(['running', 'done', 'rollback']),
  reason: Type.String(),
  steps: Type.Array(Count),
  stepsDone: Count,
  createdAt: Count,
  updatedAt: Count,
});
export const DeploymentSchema = Type.Object({
  name: Type.String(),
  org: Type.String(),
  model: Type.String(),
  fallback: Type.Optional(Type.String()),
  hedge: Type.Boolean(),
  strict: Type.Boolean(),
  createdAt: Count,
  revisions: Type.Array(RevisionSchema),
  rollout: Type.Optional(RolloutSchema),
});
export const DrainOrder = Type.Object(
  { replica: Type.Optional(Type.String({ minLength: 1, maxLength: 160, description: 'all of them, one after the other, unless told otherwise' })) },
  { additionalProperties: false },
);

/** As the API shows it. */
export function view(deployment: DeploymentView) {
  const { name, orgName, model, fallback, hedge, strict, createdAt, health } = deployment;
  const revisions = liveRevisions(deployment).map((revision) => {
    const { state = 'loading' as const, reason = '', restarts = 0, replicas = [] } = health[revision.id] ?? {};
    return {
      ...revision,
      state,
      reason,
      restarts,
      replicas: replicas.map(({ id, state: replicaState, slots, startedAt, memoryBytes, usage, pid }) => ({
        id,
        state: replicaState,
        slots,
        startedAt,
        memoryBytes,
        ...(usage && { usage }),
        ...(pid !== undefined && { pid }),
      })),
    };
  });
  const rollout = runningRollout(deployment);
  return { name, org: orgName, model, ...(fallback !== undefined && { fallback }), hedge, strict, createdAt, revisions, ...(rollout && { rollout: rolloutView(rollout) }) };
}

const Rate = Type.Optional(Type.Number({ description: 'a second' }));
export const EstimateQuery = Type.Object(
  { threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })), callsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9 })) },
  { additionalProperties: false },
);
export const EstimateSchema = Type.Object({
  model: Type.String(),
  version: Count,
  architecture: Type.String(),
  engine: Type.String(),
  threads: Count,
  memoryBytes: Type.Number(),
  gpuMemoryBytes: Type.Number({ description: "of that in a GPU's memory, where the engine computes on one; 0: it does not" }),
  loadMs: Type.Number(),
  lines: Type.Array(Type.Object({ what: Type.String(), arithmetic: Type.String(), bytes: Type.Number(), source: Type.String() })),
  machine: Type.Object({ bytesPerSecond: Type.Number(), flopsPerThread: Type.Number() }),
  throughput: Type.Object({ tokensPerSecondAlone: Rate, tokensPerSecond: Rate, prefillTokensPerSecond: Rate, rowsPerSecond: Rate, boundBy: Type.Enum(['memory', 'compute']) }),
  demand: Type.Optional(
    Type.Object({
      callsPerSecond: Type.Number(),
      secondsPerCall: Type.Number(),
      unit: Type.String(),
      concurrency: Type.Number({ description: "calls at a time, by Little's law" }),
      replicas: Count,
    }),
  ),
});

export const NodeSchema = Type.Object({
  id: Type.String(),
  threads: Count,
  memoryBytes: Type.Integer({ description: 'for engines altogether' }),
  reservedBytes: Type.Integer({ description: 'held by replicas' }),
  replicas: Count,
  gpus: Type.Array(Type.Object({ index: Count, name: Type.String(), memoryBytes: Type.Integer(), usedBytes: Type.Integer(), driver: Type.String() })),
});

export function rolloutView({ strategy, ...rollout }: Rollout) {
  return { ...rollout, steps: [...strategy.steps] };
}

const CANARY_STEPS = [5, 25, 50];

/** @throws Fault for shares that do not grow */
export function strategyOf(canary: Static<typeof Canary> | undefined): Partial<Strategy> {
  if (!canary) return {};
  const { steps = CANARY_STEPS, checkSeconds, ...limits } = canary;
  if (steps.some((share, index) => share <= (steps[index - 1] ?? 0)))
    throw invalid(`"canary.steps" is ${JSON.stringify(steps)}; each share must be larger than the one before.`, 'canary.steps');
  return { ...limits, steps: [...steps, 100], ...(checkSeconds !== undefined && { checkMs: checkSeconds * 1_000 }) };
}
