import { Type } from 'typebox';
import { JobSchema } from '../jobs/index.ts';
import { DATASET_EXAMPLES_MAX, DATASET_FORMATS } from './run/dataset.ts';
import { RUN_TASKS } from './run/settings.ts';

/** Shapes of the routes for datasets and runs. */
const CONCURRENCY_MAX = 16;
const TEMPLATE_CHARS_MAX = 100_000;
const NAMES_MAX = 2_000;
const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Text = Type.String({ minLength: 1, maxLength: TEMPLATE_CHARS_MAX });
const Names = Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), { minItems: 2, maxItems: NAMES_MAX });
const Count = Type.Integer({ minimum: 0 });
const DatasetDigest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' });

export const DatasetQuery = Type.Object({ format: Type.Enum([...DATASET_FORMATS]) }, closed);
export const DatasetSchema = Type.Object({ digest: DatasetDigest, format: Type.Enum([...DATASET_FORMATS]), examples: Count, bytes: Count });

const settings = {
  task: Type.Enum([...RUN_TASKS]),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: DATASET_EXAMPLES_MAX, description: 'only the first so many examples' })),
  template: Type.Optional(Type.String({ minLength: 1, maxLength: TEMPLATE_CHARS_MAX, description: "the prompt; {{field}} is the example's field" })),
  system: Type.Optional(Text),
  maxTokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  choices: Type.Optional(Names),
  input: Type.Optional(Name),
  output: Type.Optional(Name),
  classes: Type.Optional(Names),
};
const Seed = Type.Integer({ minimum: 0, maximum: 4_294_967_295 });

export const RunOrderSchema = Type.Object(
  {
    deployment: Type.String({ minLength: 1, maxLength: 160, description: 'NAME, or NAME:VERSION' }),
    dataset: DatasetDigest,
    ...settings,
    seed: Type.Optional(Seed),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: CONCURRENCY_MAX, description: 'calls at a time; 4 unless told otherwise' })),
    maxFailures: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'the run fails when more than this share of the examples does; 0.05 unless told otherwise' })),
  },
  closed,
);

const version = { model: Type.String(), version: Count, digest: Type.String() };
/** What a report says of the run that made it. */
export const RunFactsSchema = Type.Object({
  id: Type.String(),
  deployment: Type.String(),
  dataset: Type.Object({ digest: DatasetDigest, format: Type.Enum([...DATASET_FORMATS]), examples: Count }),
  settings: Type.Object({ ...settings, seed: Seed }),
  versions: Type.Array(Type.Object(version), { description: 'the model versions that answered' }),
  revisions: Type.Array(Type.Object({ id: Type.String(), ...version, answers: Count })),
  failed: Type.Object({ count: Count, listed: Type.Array(Type.Object({ line: Count, code: Type.String(), message: Type.String() })) }),
  latencyMs: Type.Object({ p50: Type.Number(), p99: Type.Number() }),
  tokens: Type.Object({ prompt: Count, completion: Count }),
});

export const RunViewSchema = Type.Object({
  job: JobSchema,
  examples: Count,
  ended: Type.Integer({ minimum: 0, description: 'answered or failed' }),
  failed: Count,
  evaluation: Type.Union([Type.String(), Type.Null()], { description: "the report's id, when there is one" }),
});
