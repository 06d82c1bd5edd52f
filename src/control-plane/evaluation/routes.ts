import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import type { Evaluation } from './service.ts';
import { RunFactsSchema } from './run-schemas.ts';
import type { StoredEvaluation } from './store.ts';
import { judge } from './gate.ts';

const EXAMPLES_MAX = 20_000;
const LIST_MAX = 200;
const closed = { additionalProperties: false } as const;
const list = <const T extends Parameters<typeof Type.Array>[0]>(schema: T) => Type.Array(schema, { minItems: 1, maxItems: EXAMPLES_MAX });
const Label = Type.Union([Type.String({ maxLength: 1_000 }), Type.Number()]);
const Scores = Type.Object({ classes: Type.Array(Label, { minItems: 2, maxItems: 2_000 }), rows: list(Type.Array(Type.Number())) }, closed);
const Query = Type.Object({ relevance: Type.Array(Type.Number()), scores: Type.Array(Type.Number()) }, closed);
const Likelihoods = Type.Object({ perToken: list(Type.Number()), perText: list(Type.Number()), words: list(Type.Number()), bytes: list(Type.Number()) }, closed);
const Examples = Type.Union([
  Type.Object({ task: Type.Literal('classification'), actual: list(Label), predicted: list(Label), scores: Type.Optional(Scores) }, closed),
  Type.Object({ task: Type.Literal('embedding'), actual: list(Type.Number()), similarities: list(Type.Number()) }, closed),
  Type.Object({ task: Type.Literal('regression'), actual: list(Type.Number()), predicted: list(Type.Number()) }, closed),
  Type.Object({ task: Type.Literal('ranking'), queries: list(Query), k: Type.Optional(Type.Integer({ minimum: 1 })) }, closed),
  Type.Object(
    { task: Type.Literal('generation'), predictions: list(Type.String()), references: list(Type.Array(Type.String(), { minItems: 1 })), likelihoods: Type.Optional(Likelihoods) },
    closed,
  ),
  Type.Object(
    {
      task: Type.Literal('code'),
      problems: list(Type.Object({ samples: Type.Integer({ minimum: 1 }), correct: Type.Integer({ minimum: 0 }) }, closed)),
      k: Type.Integer({ minimum: 1 }),
    },
    closed,
  ),
]);
const Order = Type.Object(
  { model: Type.String({ minLength: 1, maxLength: 200 }), seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })), examples: Examples },
  closed,
);
const Interval = Type.Object({ low: Type.Number(), high: Type.Number() });
const MeasuredSchema = Type.Object({
  value: Type.Optional(Type.Number()),
  version: Type.Integer(),
  higherIsBetter: Type.Boolean(),
  unit: Type.String(),
  interval: Type.Optional(Interval),
});
const EvaluationSchema = Type.Object({
  id: Type.String(),
  model: Type.String(),
  task: Type.String(),
  examples: Type.Integer(),
  seed: Type.Integer(),
  digest: Type.String({ description: 'of model, examples and report: equal for equal evaluations' }),
  examplesDigest: Type.String({ description: 'of what was expected' }),
  createdAt: Type.Integer(),
  metrics: Type.Record(Type.String(), MeasuredSchema),
  confusion: Type.Optional(Type.Object({ labels: Type.Array(Label), counts: Type.Array(Type.Array(Type.Integer())) })),
  classes: Type.Optional(Type.Array(Type.Object({ label: Label, support: Type.Integer(), precision: Type.Number(), recall: Type.Number(), f1: Type.Number() }))),
  reliability: Type.Optional(Type.Array(Type.Object({}, { additionalProperties: true }))),
  signatures: Type.Optional(Type.Array(Type.String())),
  run: Type.Optional(RunFactsSchema),
});

function view({ id, model, digest, examplesDigest, createdAt, report, run }: StoredEvaluation) {
  const { confusion, classes, reliability, signatures, metrics, ...facts } = report;
  const of = Object.entries(metrics).map(([name, { value, ...rest }]) => [name, { ...rest, ...(value !== undefined && { value }) }] as const);
  return {
    id,
    model,
    digest,
    examplesDigest,
    createdAt,
    ...facts,
    metrics: Object.fromEntries(of),
    ...(confusion && { confusion: { labels: [...confusion.labels], counts: confusion.counts.map((row) => [...row]) } }),
    ...(classes && { classes: classes.map(({ zeroDivision: _zeroDivision, ...one }) => one) }),
    ...(reliability && { reliability: reliability.map((bin) => ({ ...bin })) }),
    ...(signatures && { signatures: [...signatures] }),
    ...(run && { run: structuredClone(run) as Static<typeof RunFactsSchema> }),
  };
}

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Params = Type.Object({ id: Id });

/** `/api/v1/evaluations` */
export function evaluationRoutes(evaluation: Evaluation): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.post(
      '/evaluations',
      { config: { scope: 'models.write' }, schema: { operationId: 'evaluate', body: Order, response: { 201: EvaluationSchema } } },
      async ({ caller, body: { model, seed = 0, examples } }, reply) => reply.code(201).send(view(await evaluation.evaluate(caller, { model, seed, examples }))),
    );
    const ListQuery = Type.Object({ model: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) }, closed);
    app.get(
      '/evaluations',
      {
        config: { scope: 'models.read' },
        schema: { operationId: 'listEvaluations', querystring: ListQuery, response: { 200: Type.Object({ data: Type.Array(EvaluationSchema) }) } },
      },
      async ({ caller, query }) => ({ data: (await evaluation.list(caller, query.model, LIST_MAX)).map(view) }),
    );
    app.get(
      '/evaluations/:id',
      { config: { scope: 'models.read' }, schema: { operationId: 'getEvaluation', params: Params, response: { 200: EvaluationSchema } } },
      async ({ caller, params }) => view(await evaluation.get(caller, params.id)),
    );
    gateRoutes(app, evaluation);
    done();
  };
}

const Comparison = Type.Object({
  test: Type.Enum(['mcnemar', 'permutation']),
  score: Type.String({ description: 'what each example was scored by' }),
  pairs: Type.Integer({ description: 'examples that both answered' }),
  leftOut: Type.Integer(),
  difference: Type.Number({ description: 'mean score of the first less that of the second' }),
  p: Type.Number({ description: 'two-sided' }),
  onlyFirst: Type.Optional(Type.Integer()),
  onlySecond: Type.Optional(Type.Integer()),
});
const Verdict = Type.Object({
  met: Type.Boolean(),
  reason: Type.String(),
  results: Type.Array(Type.Object({ condition: Type.String(), value: Type.Optional(Type.Number()), met: Type.Boolean() })),
});
const Gate = Type.Object({ conditions: Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 32, description: 'such as f1_macro>=0.85' }) }, closed);

/** What a report is held against: another report, or conditions. */
function gateRoutes(app: Parameters<FastifyPluginCallbackTypebox>[0], evaluation: Evaluation): void {
  const With = Type.Object({ with: Id }, closed);
  app.get(
    '/evaluations/:id/compare',
    { config: { scope: 'models.read' }, schema: { operationId: 'compareEvaluations', params: Params, querystring: With, response: { 200: Comparison } } },
    ({ caller, params, query }) => evaluation.compare(caller, params.id, query.with),
  );
  app.post(
    '/evaluations/:id/gate',
    { config: { scope: 'models.read' }, schema: { operationId: 'checkGate', params: Params, body: Gate, response: { 200: Verdict } } },
    async ({ caller, params, body }) => {
      const { met, reason, results } = judge(await evaluation.get(caller, params.id), body.conditions);
      return { met, reason, results: results.map(({ condition, value, met: holds }) => ({ condition, met: holds, ...(value !== undefined && { value }) })) };
    },
  );
}
