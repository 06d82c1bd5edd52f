import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { type Scope, SCOPES } from '../../contract/feeds.ts';
import { ROLES, SCOPES_OF } from './model.ts';
import type { Identity, MadeKey } from './service.ts';

const Limits = Type.Object(
  {
    requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    tokensPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  },
  { additionalProperties: false },
);
const Name = Type.String({ minLength: 1, maxLength: 100 });
const OrgName = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$', description: 'lower-case letters, digits, ".", "_" and "-"' });
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const InOrg = Type.Object({ org: Type.Optional(OrgName) }, { additionalProperties: false });

const KeySchema = Type.Object({
  id: Type.String(),
  orgId: Type.String(),
  name: Type.String(),
  prefix: Type.String(),
  last4: Type.String(),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  allowedModels: Type.Union([Type.Array(Type.String()), Type.Null()]),
  limits: Limits,
  createdAt: Time,
  expiresAt: Type.Union([Time, Type.Null()]),
  revokedAt: Type.Union([Time, Type.Null()]),
  replacedBy: Type.Union([Type.String(), Type.Null()]),
});
const MadeKeySchema = Type.Object({ key: Type.String({ description: 'the plain key: shown this once' }), details: KeySchema });
const OrgSchema = Type.Object({ id: Type.String(), name: Type.String(), createdAt: Time });
const MemberSchema = Type.Object({ id: Type.String(), orgId: Type.String(), name: Type.String(), role: Type.Enum([...ROLES]), createdAt: Time });
const NewKeySchema = Type.Object(
  {
    name: Name,
    org: Type.Optional(OrgName),
    role: Type.Optional(Type.Enum([...ROLES], { description: 'a set of scopes; "scopes" overrides it' })),
    scopes: Type.Optional(Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true })),
    allowedModels: Type.Optional(Type.Array(Type.String({ maxLength: 140 }), { minItems: 1, maxItems: 1000 })),
    expiresAt: Type.Optional(Time),
    limits: Type.Optional(Limits),
  },
  { additionalProperties: false },
);

const made = ({ key, plain }: MadeKey) => ({ key: plain, details: { ...key, scopes: [...key.scopes], allowedModels: key.allowedModels && [...key.allowedModels] } });

/** `/api/v1/{whoami,keys,orgs,members}` */
export function identityRoutes(identity: Identity): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/whoami',
      {
        config: { scope: 'models.read' },
        schema: { operationId: 'whoami', response: { 200: Type.Object({ keyId: Type.String(), org: Type.String(), scopes: Type.Array(Type.String()) }) } },
      },
      async ({ caller }) => ({
        keyId: caller.keyId,
        org: caller.orgName,
        scopes: [...caller.scopes],
      }),
    );
    app.get(
      '/keys',
      { config: { scope: 'keys' }, schema: { operationId: 'listKeys', querystring: InOrg, response: { 200: Type.Object({ data: Type.Array(KeySchema) }) } } },
      async ({ caller, query }) => {
        const keys = await identity.listKeys(await identity.orgIdFor(caller, query.org));
        return { data: keys.map((key) => made({ key, plain: '' }).details) };
      },
    );
    app.post(
      '/keys',
      { config: { scope: 'keys' }, schema: { operationId: 'createKey', body: NewKeySchema, response: { 201: MadeKeySchema } } },
      async ({ caller, body }, reply) => {
        const { org, role, scopes: listed, ...rest } = body;
        const scopes: readonly Scope[] = listed ?? (role ? SCOPES_OF[role] : SCOPES_OF.consumer);
        reply.code(201);
        return made(await identity.createKey(caller, { ...rest, scopes, orgId: await identity.orgIdFor(caller, org) }));
      },
    );
    app.delete('/keys/:id', { config: { scope: 'keys' }, schema: { operationId: 'revokeKey', params: Id, response: { 204: Type.Null() } } }, async ({ caller, params }, reply) => {
      await identity.revokeKey(caller, params.id);
      return reply.code(204).send(null);
    });
    const Rotation = Type.Object({ overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000 })) }, { additionalProperties: false });
    app.post(
      '/keys/:id/rotate',
      { config: { scope: 'keys' }, schema: { operationId: 'rotateKey', params: Id, body: Rotation, response: { 201: MadeKeySchema } } },
      async ({ caller, params, body }, reply) => {
        reply.code(201);
        return made(await identity.rotateKey(caller, params.id, (body.overlapSeconds ?? 0) * 1000));
      },
    );
    organisationRoutes(app, identity);
    done();
  };
}

function organisationRoutes(app: Parameters<FastifyPluginCallbackTypebox>[0], identity: Identity): void {
  app.get('/orgs', { config: { scope: 'orgs' }, schema: { operationId: 'listOrgs', response: { 200: Type.Object({ data: Type.Array(OrgSchema) }) } } }, async () => ({
    data: await identity.listOrgs(),
  }));
  app.post(
    '/orgs',
    { config: { scope: 'orgs' }, schema: { operationId: 'createOrg', body: Type.Object({ name: OrgName }, { additionalProperties: false }), response: { 201: OrgSchema } } },
    async ({ body }, reply) => {
      reply.code(201);
      return identity.createOrg(body.name);
    },
  );
  app.get(
    '/members',
    { config: { scope: 'members' }, schema: { operationId: 'listMembers', querystring: InOrg, response: { 200: Type.Object({ data: Type.Array(MemberSchema) }) } } },
    async ({ caller, query }) => ({
      data: await identity.listMembers(await identity.orgIdFor(caller, query.org)),
    }),
  );
  const NewMember = Type.Object({ name: Name, role: Type.Enum([...ROLES]), org: Type.Optional(OrgName) }, { additionalProperties: false });
  app.post(
    '/members',
    { config: { scope: 'members' }, schema: { operationId: 'addMember', body: NewMember, response: { 201: MemberSchema } } },
    async ({ caller, body }, reply) => {
      const { org, ...member } = body;
      reply.code(201);
      return identity.addMember(caller, { ...member, orgId: await identity.orgIdFor(caller, org) });
    },
  );
  app.delete(
    '/members/:id',
    { config: { scope: 'members' }, schema: { operationId: 'removeMember', params: Id, querystring: InOrg, response: { 204: Type.Null() } } },
    async ({ caller, params, query }, reply) => {
      await identity.removeMember(await identity.orgIdFor(caller, query.org), params.id);
      return reply.code(204).send(null);
    },
  );
}
