import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { CallerEntry } from '../../contract/feeds.ts';
import { GROUPINGS, type UsageQuery } from './model.ts';
import type { Usage } from './service.ts';

const ROWS_MAX = 1_000;
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const Count = Type.Integer({ minimum: 0 });
const Range = { since: Type.Optional(Time), until: Type.Optional(Time), all: Type.Optional(Type.Boolean({ description: 'all organisations; operators only' })) };
const Sum = Type.Object({ group: Type.String(), calls: Count, failed: Count, promptTokens: Count, cachedTokens: Count, completionTokens: Count, rows: Count });
const Row = Type.Object({
  requestId: Type.String(),
  startedAt: Time,
  keyId: Type.String(),
  deployment: Type.String(),
  model: Type.String(),
  version: Count,
  operation: Type.String(),
  status: Type.Enum(['ok', 'cancelled', 'failed']),
  httpStatus: Count,
  promptTokens: Count,
  cachedTokens: Count,
  completionTokens: Count,
  rows: Count,
  estimated: Type.Boolean(),
  attempts: Type.Integer({ minimum: 1, description: 'engines that it was offered to' }),
  durationMs: Type.Number(),
  stages: Type.Record(Type.String(), Type.Number()),
});

function queryOf(caller: CallerEntry, { since = 0, until = Number.MAX_SAFE_INTEGER, all = false }: { since?: number; until?: number; all?: boolean }): UsageQuery {
  return { orgId: all && caller.scopes.includes('operator') ? undefined : caller.orgId, since, until };
}

/** `/api/v1/usage` and `/api/v1/usage/calls`: the caller's own organisation's. */
export function usageRoutes(usage: Usage): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const SumQuery = Type.Object({ ...Range, by: Type.Optional(Type.Enum([...GROUPINGS])) }, { additionalProperties: false });
    app.get(
      '/usage',
      { config: { scope: 'usage' }, schema: { operationId: 'sumUsage', querystring: SumQuery, response: { 200: Type.Object({ data: Type.Array(Sum) }) } } },
      async ({ caller, query }) => ({
        data: await usage.sum(queryOf(caller, query), query.by ?? 'model'),
      }),
    );
    const ListQuery = Type.Object({ ...Range, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: ROWS_MAX })) }, { additionalProperties: false });
    app.get(
      '/usage/calls',
      { config: { scope: 'usage' }, schema: { operationId: 'listCalls', querystring: ListQuery, response: { 200: Type.Object({ data: Type.Array(Row) }) } } },
      async ({ caller, query }) => ({
        data: (await usage.list(queryOf(caller, query), query.limit ?? 50)).map((record) => ({ ...record, stages: { ...record.stages } })),
      }),
    );
    done();
  };
}
