import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { BURN_WINDOWS } from './slo/model.ts';
import type { Slos, SloStatus } from './slo/service.ts';

const WINDOW_DAYS_DEFAULT = 30;
const WINDOW_DAYS_MAX = 90;
const LATENCY_MS_MAX = 600_000;
const closed = { additionalProperties: false } as const;
const share = (description: string) => Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description });
const Latency = Type.Object({ ms: Type.Number({ exclusiveMinimum: 0, maximum: LATENCY_MS_MAX }), share: share('of calls that end within ms') }, closed);
const Order = Type.Object(
  {
    availability: share("of calls that do not fail by the server's or an engine's fault, such as 0.995"),
    latency: Type.Optional(Latency),
    windowDays: Type.Optional(Type.Integer({ minimum: 1, maximum: WINDOW_DAYS_MAX, description: `of the error budget; ${WINDOW_DAYS_DEFAULT} unless told otherwise` })),
  },
  closed,
);
const Rate = Type.Number({ minimum: 0 });
const BurnSchema = Type.Object({
  windows: Type.Enum([...BURN_WINDOWS]),
  long: Rate,
  short: Rate,
  rate: Type.Number({ minimum: 0, description: 'the lower of the two: what an alert on burn_rate compares' }),
  pageAbove: Rate,
});
const Left = Type.Number({ maximum: 1, description: '1: all of it; less than 0: overdrawn' });
const StatusSchema = Type.Object({
  deployment: Type.String(),
  availability: Type.Number(),
  latency: Type.Optional(Latency),
  windowDays: Type.Integer(),
  calls: Type.Integer({ minimum: 0, description: 'in the window' }),
  budgetLeft: Type.Object({ availability: Left, latency: Type.Optional(Left) }),
  burnRates: Type.Array(BurnSchema),
});
const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 160, description: 'org/name is written org%2Fname' }) });
const read = { scope: 'deployments.read' } as const;
const write = { scope: 'deployments.write' } as const;

function view({ objective, burns, calls, availabilityLeft, latencyLeft }: SloStatus): Static<typeof StatusSchema> {
  const { deployment, availability, latency, windowDays } = objective;
  const budgetLeft = { availability: availabilityLeft, ...(latencyLeft !== undefined && { latency: latencyLeft }) };
  return { deployment, availability, windowDays, calls, budgetLeft, burnRates: burns.map((burn) => ({ ...burn })), ...(latency && { latency }) };
}

/** `/api/v1/slos` and `/api/v1/deployments/{name}/slo`: of the caller's own deployments. */
export function sloRoutes(slos: Slos): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get('/slos', { config: read, schema: { operationId: 'listSlos', response: { 200: Type.Object({ data: Type.Array(StatusSchema) }) } } }, async ({ caller }) => ({
      data: (await slos.list(caller)).map(view),
    }));
    app.get('/deployments/:name/slo', { config: read, schema: { operationId: 'getSlo', params: NameParam, response: { 200: StatusSchema } } }, async ({ caller, params }) =>
      view(await slos.get(caller, params.name)),
    );
    app.put(
      '/deployments/:name/slo',
      { config: write, schema: { operationId: 'putSlo', params: NameParam, body: Order, response: { 200: StatusSchema } } },
      async ({ caller, params, body: { availability, latency, windowDays = WINDOW_DAYS_DEFAULT } }) =>
        view(await slos.put(caller, { deployment: params.name, availability, latency, windowDays })),
    );
    app.delete(
      '/deployments/:name/slo',
      { config: write, schema: { operationId: 'removeSlo', params: NameParam, response: { 204: Type.Null() } } },
      async ({ caller, params }, reply) => {
        await slos.remove(caller, params.name);
        return reply.code(204).send(null);
      },
    );
    done();
  };
}
