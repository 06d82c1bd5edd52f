import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DIALECTS, NAME_PATTERN, type Upstream } from './model.ts';
import type { Upstreams } from './service.ts';

const SLOTS_DEFAULT = 32;
const closed = { additionalProperties: false } as const;
const Name = Type.String({ pattern: NAME_PATTERN, description: 'lower-case letters, digits and "-"' });
const Url = Type.String({ maxLength: 2_048, description: 'the origin, and for OpenAI’s dialect the path in front of /chat/completions, for example https://api.example.com/v1' });
const Dialect = Type.Enum([...DIALECTS]);
const Slots = Type.Integer({ minimum: 1, maximum: 10_000, description: 'calls that it is sent at once' });
const Shape = Type.Object({
  name: Name,
  url: Url,
  dialect: Dialect,
  slots: Slots,
  binary: Type.Boolean(),
  credential: Type.Object({ set: Type.Boolean(), lastFour: Type.String() }),
  createdAt: Type.Integer({ description: 'milliseconds since 1970' }),
});
const Order = Type.Object(
  {
    url: Url,
    dialect: Dialect,
    slots: Type.Optional(Slots),
    binary: Type.Optional(Type.Boolean({ description: 'it takes tensors as binary data' })),
    credential: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4_096, pattern: '^[\\x21-\\x7e]+$', description: 'sent as a Bearer token to this server alone; never shown again' }),
    ),
  },
  closed,
);
const NameParam = Type.Object({ name: Name });

/** `/api/v1/upstreams` */
export function upstreamRoutes(upstreams: Upstreams): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get('/upstreams', { config: { scope: 'operator' }, schema: { operationId: 'listUpstreams', response: { 200: Type.Object({ data: Type.Array(Shape) }) } } }, async () => ({
      data: upstreams.list().map(view),
    }));
    app.put(
      '/upstreams/:name',
      { config: { scope: 'operator' }, schema: { operationId: 'setUpstream', params: NameParam, body: Order, response: { 200: Shape } } },
      async ({ params, body: { slots = SLOTS_DEFAULT, binary = false, credential, ...body } }) => view(await upstreams.set({ ...params, ...body, slots, binary, credential })),
    );
    app.delete(
      '/upstreams/:name',
      { config: { scope: 'operator' }, schema: { operationId: 'removeUpstream', params: NameParam, response: { 204: Type.Null() } } },
      async ({ params }, reply) => {
        await upstreams.remove(params.name);
        return reply.code(204).send(null);
      },
    );
    done();
  };
}

/** The credential is never shown, only that there is one. */
function view({ sealed, hint, ...upstream }: Upstream) {
  return { ...upstream, credential: { set: sealed !== undefined, lastFour: hint } };
}
