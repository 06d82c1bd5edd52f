import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { invalid } from '../../contract/errors.ts';
import { JobSchema, jobView } from '../jobs/index.ts';
import { DatasetQuery, DatasetSchema, RunOrderSchema, RunViewSchema } from './run-schemas.ts';
import { DATASET_BYTES_MAX } from './run/dataset.ts';
import type { EvaluationRuns } from './runs.ts';

const OCTETS = 'application/octet-stream';
const Params = Type.Object({ job: Type.String({ minLength: 1, maxLength: 64 }) });

/** `/api/v1/datasets` and `/api/v1/evaluations/runs`: the work goes on in a job, over restarts too. */
export function evaluationRunRoutes(runs: EvaluationRuns): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.addContentTypeParser(OCTETS, { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    app.post(
      '/datasets',
      {
        bodyLimit: DATASET_BYTES_MAX,
        config: { scope: 'models.write' },
        schema: { operationId: 'putDataset', querystring: DatasetQuery, consumes: [OCTETS], response: { 201: DatasetSchema } },
      },
      async ({ caller, query, body }, reply) => {
        if (!(body instanceof Uint8Array)) throw invalid(`Send the dataset's bytes as ${OCTETS}.`, 'data');
        const { digest, format, examples, bytes } = await runs.putDataset(caller, body, query.format);
        return reply.code(201).send({ digest, format, examples, bytes });
      },
    );
    app.post(
      '/evaluations/runs',
      { config: { scope: 'models.write' }, schema: { operationId: 'startEvaluation', body: RunOrderSchema, response: { 202: JobSchema } } },
      async ({ caller, body: { seed = 0, ...order } }, reply) => reply.code(202).send(jobView(await runs.start(caller, { ...order, seed }))),
    );
    app.get(
      '/evaluations/runs/:job',
      { config: { scope: 'models.read' }, schema: { operationId: 'getEvaluationRun', params: Params, response: { 200: RunViewSchema } } },
      async ({ caller, params }) => {
        const { job, examples, ended, failed, evaluation } = await runs.view(caller, params.job);
        return { job: jobView(job), examples, ended, failed, evaluation: evaluation ?? null };
      },
    );
    app.post(
      '/evaluations/runs/:job/resume',
      { config: { scope: 'models.write' }, schema: { operationId: 'resumeEvaluation', params: Params, response: { 202: JobSchema } } },
      async ({ caller, params }, reply) => reply.code(202).send(jobView(await runs.resume(caller, params.job))),
    );
    app.post(
      '/evaluations/runs/:job/cancel',
      { config: { scope: 'models.write' }, schema: { operationId: 'cancelEvaluation', params: Params, response: { 200: JobSchema } } },
      async ({ caller, params }) => jobView(await runs.cancel(caller, params.job)),
    );
    done();
  };
}
