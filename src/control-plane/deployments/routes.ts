import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { liveRevisions } from './model.ts';
import type { Deployments, DeploymentView } from './service.ts';

const LOG_LINES_MAX = 500;
const REPLICAS_MAX = 64;
const Count = Type.Integer({ minimum: 0 });
const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 160, description: 'org/name is written org%2Fname' }) });
const Scaling = {
  replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: REPLICAS_MAX, description: 'as many always: minReplicas and maxReplicas at once' })),
  minReplicas: Type.Optional(Type.Integer({ minimum: 0, maximum: REPLICAS_MAX, description: 'kept loaded while there is room; 0: loaded only while it is called' })),
  maxReplicas: Type.Optional(Type.Integer({ minimum: 1, maximum: REPLICAS_MAX })),
  idleSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'replicas beyond the minimum go after so long without a call' })),
};
const Bounds = Type.Object(Scaling, { additionalProperties: false });
const Order = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 200, description: 'name, name:VERSION or name@LABEL' }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 160 })),
    ...Scaling,
    targetConcurrency: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000, description: 'calls that one replica should have at a time' })),
    priority: Type.Optional(Type.Integer({ minimum: -100, maximum: 100, description: 'who is called may take memory from the same priority or a lower one' })),
    threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
  },
  { additionalProperties: false },
);
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
      usage: Type.Optional(Type.Object({ memoryBytes: Count, memoryPeakBytes: Count, cpuSeconds: Type.Number() })),
    }),
  ),
});
const DeploymentSchema = Type.Object({ name: Type.String(), org: Type.String(), model: Type.String(), createdAt: Count, revisions: Type.Array(RevisionSchema) });

function view(deployment: DeploymentView) {
  const { name, orgName, model, createdAt, health } = deployment;
  const revisions = liveRevisions(deployment).map((revision) => {
    const { state = 'loading' as const, reason = '', restarts = 0, replicas = [] } = health[revision.id] ?? {};
    return {
      ...revision,
      state,
      reason,
      restarts,
      replicas: replicas.map(({ id, state: replicaState, slots, startedAt, memoryBytes, usage }) => ({
        id,
        state: replicaState,
        slots,
        startedAt,
        memoryBytes,
        ...(usage && { usage }),
      })),
    };
  });
  return { name, org: orgName, model, createdAt, revisions };
}

/** `/api/v1/deployments` */
export function deploymentRoutes(deployments: Deployments): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/deployments',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'listDeployments', response: { 200: Type.Object({ data: Type.Array(DeploymentSchema) }) } } },
      async ({ caller }) => ({
        data: deployments.list(caller).map(view),
      }),
    );
    app.get(
      '/deployments/:name',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'getDeployment', params: NameParam, response: { 200: DeploymentSchema } } },
      async ({ caller, params }) => view(deployments.get(caller, params.name)),
    );
    app.post(
      '/deployments',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'deploy', body: Order, response: { 201: DeploymentSchema } } },
      async ({ caller, body }, reply) => {
        reply.code(201);
        return view(await deployments.deploy(caller, body));
      },
    );
    app.patch(
      '/deployments/:name',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'scale', params: NameParam, body: Bounds, response: { 200: DeploymentSchema } } },
      async ({ caller, params, body }) => view(await deployments.scale(caller, params.name, body)),
    );
    app.delete(
      '/deployments/:name',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'undeploy', params: NameParam, response: { 204: Type.Null() } } },
      async ({ caller, params }, reply) => {
        await deployments.undeploy(caller, params.name);
        return reply.code(204).send(null);
      },
    );
    const Lines = Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 1, maximum: LOG_LINES_MAX })) }, { additionalProperties: false });
    const Logs = Type.Object({ data: Type.Array(Type.String()) });
    app.get(
      '/deployments/:name/logs',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'getLogs', params: NameParam, querystring: Lines, response: { 200: Logs } } },
      async ({ caller, params, query }) => ({
        data: [...deployments.logs(caller, params.name, query.lines ?? 100)],
      }),
    );
    done();
  };
}
