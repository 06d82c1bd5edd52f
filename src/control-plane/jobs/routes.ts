import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { type Job, JOB_STATES } from './model.ts';
import type { Jobs } from './service.ts';

const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const Text = Type.Union([Type.String(), Type.Null()]);
export const JobSchema = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  state: Type.Enum([...JOB_STATES]),
  input: Type.Unknown(),
  progress: Type.String({ description: 'one sentence for people' }),
  result: Type.Unknown({ description: 'what the work gave, when done' }),
  error: Text,
  errorCode: Text,
  createdAt: Time,
  updatedAt: Time,
});
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** A job as the API shows it. */
export function jobView({ id, kind, state, input, progress, result, error, createdAt, updatedAt }: Job) {
  return { id, kind, state, input, progress, result, error: error?.message ?? null, errorCode: error?.code ?? null, createdAt, updatedAt };
}

/** `/api/v1/jobs`: the caller's own organisation's. */
export function jobRoutes(jobs: Jobs): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/jobs',
      { config: { scope: 'models.read' }, schema: { operationId: 'listJobs', response: { 200: Type.Object({ data: Type.Array(JobSchema) }) } } },
      async ({ caller }) => ({
        data: (await jobs.list(caller.orgId)).map(jobView),
      }),
    );
    app.get('/jobs/:id', { config: { scope: 'models.read' }, schema: { operationId: 'getJob', params: Id, response: { 200: JobSchema } } }, async ({ caller, params }) =>
      jobView(await jobs.get(caller, params.id)),
    );
    done();
  };
}
