import { basename } from 'node:path';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Audit } from './service.ts';

const ROWS_MAX = 1_000;
const ROWS = 100;
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const EntrySchema = Type.Object({
  seq: Count,
  at: Type.Integer({ description: 'milliseconds since 1970' }),
  orgId: Type.String(),
  keyId: Type.String(),
  operation: Type.String(),
  object: Type.String(),
  address: Type.String({ description: "the client's IP address" }),
  requestId: Type.String(),
  outcome: Type.Integer({ description: 'the HTTP status of the answer' }),
  hash: Type.String(),
});
const Query = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: ROWS_MAX })),
    before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'a "seq": those before it' })),
    all: Type.Optional(Type.Boolean({ description: 'of all organisations; operators only' })),
  },
  { additionalProperties: false },
);
const Cut = Type.Object({ before: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' }) }, { additionalProperties: false });
const ArchiveSchema = Type.Object({ file: Type.String(), first: Count, last: Count });

/** `/api/v1/audit`: what one's own organisation's keys did, for who manages its members; of all, for operators. */
export function auditRoutes(audit: Audit): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/audit',
      { config: { scope: 'members' }, schema: { operationId: 'listAudit', querystring: Query, response: { 200: Type.Object({ data: Type.Array(EntrySchema) }) } } },
      async ({ caller, query: { limit = ROWS, before, all = false } }) => ({
        data: await audit.list({ orgId: all && caller.scopes.includes('operator') ? undefined : caller.orgId, before, limit }),
      }),
    );
    app.post('/audit/archive', { config: { scope: 'operator' }, schema: { operationId: 'archiveAudit', body: Cut, response: { 201: ArchiveSchema } } }, async ({ body }, reply) => {
      reply.code(201);
      const { file, ...archive } = await audit.archive(body.before);
      return { ...archive, file: basename(file) };
    });
    done();
  };
}
