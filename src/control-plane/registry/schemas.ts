import { Type } from 'typebox';
import { Digest, Manifest, ManifestFile, PipelineSchema, WeightsInfo } from '../../contract/manifest.ts';
import { LABEL_PATTERN, type Model, type ModelVersion } from './model.ts';

/** Shapes of the registry's routes. */
const Count = Type.Integer({ minimum: 0 });
export const DigestParam = Type.Object({ digest: Type.String({ maxLength: 128 }) });
export const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 160, description: 'org/name is written org%2Fname' }) });
export const VersionSchema = Type.Object({ model: Type.String(), number: Count, digest: Digest, createdAt: Count, manifest: Manifest });
export const ModelSchema = Type.Object({ name: Type.String(), createdAt: Count, labels: Type.Record(Type.String(), Count), versions: Type.Array(VersionSchema) });
const ForeignEngineSchema = Type.Object(
  {
    command: Type.Optional(Type.String({ maxLength: 64, description: "a template of the operator's file" })),
    remote: Type.Optional(Type.String({ maxLength: 64, description: 'an upstream; for operators' })),
    task: Type.Optional(Manifest.properties.task),
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'what the server itself calls the model' })),
    contextLength: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
    signature: WeightsInfo.properties.signature,
  },
  { additionalProperties: false, description: 'a server that is not ours: one of "command" and "remote"' },
);
export const PublishSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 160 }),
    files: Type.Array(Type.Object({ path: ManifestFile.properties.path, digest: Type.String({ maxLength: 128 }) }, { additionalProperties: false }), {
      maxItems: 64,
      description: 'a model of a remote server, and one whose command brings its own weights, has none',
    }),
    engine: Type.Optional(ForeignEngineSchema),
    pipeline: Type.Optional(PipelineSchema),
    batching: Type.Optional(Type.Object({ maxBatchSize: Type.Integer({ minimum: 1, maximum: 1024 }) }, { additionalProperties: false })),
    engineOptions: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown())),
    licence: Type.Optional(Type.String({ maxLength: 200 })),
    card: Type.Optional(Type.String({ maxLength: 262_144 })),
  },
  { additionalProperties: false },
);
export const LabelSchema = Type.Object({ label: Type.String({ pattern: LABEL_PATTERN }), version: Type.Integer({ minimum: 1 }) }, { additionalProperties: false });
export const UploadState = Type.Object({ digest: Digest, bytes: Count, complete: Type.Boolean() });
export const CollectQuery = Type.Object(
  {
    dryRun: Type.Optional(Type.Boolean({ description: 'say what would go, and remove nothing' })),
    graceSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000, description: "in the place of the server's own; 0: what nothing needs goes now" })),
  },
  { additionalProperties: false },
);
export const Collected = Type.Object({
  blobs: Count,
  bytes: Count,
  partials: Type.Integer({ minimum: 0, description: 'uploads and downloads that nobody went on with' }),
  partialBytes: Count,
  waiting: Type.Integer({ minimum: 0, description: 'not needed, but their grace is not over or somebody is about to publish them' }),
  waitingBytes: Count,
});

/** A version as the API shows it: arrays and objects that the serializer may own. */
export function versionView({ model, number, digest, createdAt, manifest }: ModelVersion) {
  return { model, number, digest, createdAt, manifest };
}

export function modelView({ name, createdAt, labels, versions }: Model) {
  return { name, createdAt, labels: { ...labels }, versions: versions.map(versionView) };
}
