import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import {
  Bounds,
  DeploymentSchema,
  DrainOrder,
  EstimateQuery,
  EstimateSchema,
  NameParam,
  NodeSchema,
  Order,
  RolloutOrder,
  RolloutSchema,
  rolloutView,
  strategyOf,
  view,
} from './schemas.ts';
import type { Deployments } from './service.ts';

const LOG_LINES_MAX = 500;

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
    app.register(rolloutRoutes(deployments));
    app.get('/nodes', { config: { scope: 'operator' }, schema: { operationId: 'listNodes', response: { 200: Type.Object({ data: Type.Array(NodeSchema) }) } } }, async () => ({
      data: (await deployments.nodes()).map(({ gpus, ...node }) => ({ ...node, gpus: [...gpus] })),
    }));
    app.get(
      '/models/:name/estimate',
      { config: { scope: 'models.read' }, schema: { operationId: 'estimate', params: NameParam, querystring: EstimateQuery, response: { 200: EstimateSchema } } },
      async ({ caller, params, query }) => {
        const { lines, ...needs } = await deployments.estimate(caller, params.name, query);
        return { ...needs, lines: [...lines] };
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

/** `/api/v1/deployments/{name}/rollouts`, rollback and drain */
function rolloutRoutes(deployments: Deployments): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/deployments/:name/rollouts',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'listRollouts', params: NameParam, response: { 200: Type.Object({ data: Type.Array(RolloutSchema) }) } } },
      async ({ caller, params }) => ({ data: deployments.get(caller, params.name).rollouts.map(rolloutView) }),
    );
    app.post(
      '/deployments/:name/rollouts',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'rollOut', params: NameParam, body: RolloutOrder, response: { 202: DeploymentSchema } } },
      async ({ caller, params, body: { canary, ...order } }, reply) => {
        const { name } = deployments.get(caller, params.name);
        reply.code(202);
        return view(await deployments.deploy(caller, { ...order, name, strategy: strategyOf(canary) }));
      },
    );
    app.post(
      '/deployments/:name/rollback',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'rollBack', params: NameParam, response: { 202: DeploymentSchema } } },
      async ({ caller, params }, reply) => {
        reply.code(202);
        return view(await deployments.rollback(caller, params.name));
      },
    );
    app.post(
      '/deployments/:name/drain',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'drain', params: NameParam, body: DrainOrder, response: { 202: DeploymentSchema } } },
      async ({ caller, params, body }, reply) => {
        reply.code(202);
        return view(deployments.drain(caller, params.name, body.replica));
      },
    );
    done();
  };
}
