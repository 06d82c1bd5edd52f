import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import type { DurationHistogram } from '../../telemetry/histogram.ts';
import { MINUTE_SECONDS, type Rollup } from './history/model.ts';
import type { History } from './history/service.ts';

const STEP_SECONDS_MAX = 31 * 86_400;
const time = (more = '') => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: `milliseconds since 1970${more}` });
const Count = Type.Integer({ minimum: 0 });
const Figure = Type.Number({ minimum: 0 });
const most = (what: string) => Type.Integer({ minimum: 0, description: `the most ${what} at a look` });
const Point = Type.Object({
  deployment: Type.String(),
  start: time(),
  calls: Count,
  failed: Type.Integer({ minimum: 0, description: "by the server's or an engine's fault" }),
  p50Ms: Figure,
  p99Ms: Figure,
  firstByteP50Ms: Figure,
  firstByteP99Ms: Figure,
  promptTokens: Count,
  cachedTokens: Count,
  completionTokens: Count,
  waiting: most('calls that waited'),
  running: most('calls that ran'),
  replicas: most('replicas that were ready'),
  memoryBytes: most('bytes that all replicas took'),
  cpuSeconds: Figure,
  restarts: Type.Integer({ minimum: 0, description: 'engines that ended without being asked to' }),
});
const Query = Type.Object(
  {
    deployment: Type.Optional(Type.String({ minLength: 1, maxLength: 160, description: 'absent: each that you see' })),
    since: Type.Optional(time('; an hour before until unless told otherwise')),
    until: Type.Optional(time('; now unless told otherwise')),
    step: Type.Optional(
      Type.Integer({
        minimum: MINUTE_SECONDS,
        maximum: STEP_SECONDS_MAX,
        description: 'seconds, a multiple of 60; minutes are kept for two days, steps of whole hours reach back ninety',
      }),
    ),
  },
  { additionalProperties: false },
);

function pointOf({ orgId: _orgId, duration, firstByte, ...rollup }: Rollup): Static<typeof Point> {
  const ms = (histogram: DurationHistogram, q: number) => histogram.quantile(q) * 1_000;
  return { ...rollup, p50Ms: ms(duration, 0.5), p99Ms: ms(duration, 0.99), firstByteP50Ms: ms(firstByte, 0.5), firstByteP99Ms: ms(firstByte, 0.99) };
}

/** `/api/v1/history`: of the caller's own deployments. */
export function historyRoutes(history: History): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const Answer = Type.Object({ stepSeconds: Count, data: Type.Array(Point) });
    app.get(
      '/history',
      { config: { scope: 'deployments.read' }, schema: { operationId: 'history', querystring: Query, response: { 200: Answer } } },
      async ({ caller, query: { step, ...query } }) => {
        const { stepSeconds, rollups } = await history.query(caller, { ...query, stepSeconds: step });
        return { stepSeconds, data: rollups.map(pointOf) };
      },
    );
    done();
  };
}
