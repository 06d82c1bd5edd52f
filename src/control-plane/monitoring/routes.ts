import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Monitoring } from './service.ts';

const ROWS_MAX = 1_000;
const ROWS_DEFAULT = 100;
const Count = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Figure = Type.Number({ minimum: 0 });
const EventSchema = Type.Object({
  seq: Count,
  at: Type.Integer({ description: 'milliseconds since 1970' }),
  deployment: Type.String(),
  revision: Type.String(),
  replica: Type.String(),
  node: Type.String(),
  state: Type.String({ description: 'of a replica: starting, ready, stopping, stopped or crashed; of an alert: alert pending, alert firing or alert resolved' }),
  reason: Type.String(),
});
const FiguresSchema = Type.Object({
  deployment: Type.String(),
  callsPerSecond: Figure,
  failedShare: Share,
  p50Ms: Figure,
  p99Ms: Figure,
  firstByteP50Ms: Figure,
  firstByteP99Ms: Figure,
  tokensPerSecond: Figure,
  waiting: Count,
  running: Count,
});

/** `/api/v1/events` and `/api/v1/figures`: of the caller's own deployments. */
export function monitoringRoutes(monitoring: Monitoring): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const Query = Type.Object(
      {
        deployment: Type.Optional(Type.String({ minLength: 1, maxLength: 160 })),
        after: Type.Optional(Type.Integer({ minimum: 0, description: 'only those after this sequence number, oldest first; without it the newest' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: ROWS_MAX })),
      },
      { additionalProperties: false },
    );
    app.get(
      '/events',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'listEvents', querystring: Query, response: { 200: Type.Object({ data: Type.Array(EventSchema) }) } } },
      async ({ caller, query }) => ({ data: (await monitoring.events(caller, query, query.limit ?? ROWS_DEFAULT)).map(({ orgId: _orgId, ...event }) => event) }),
    );
    app.get(
      '/figures',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'liveFigures', response: { 200: Type.Object({ data: Type.Array(FiguresSchema) }) } } },
      async ({ caller }) => ({ data: [...monitoring.figures(caller)] }),
    );
    done();
  };
}
