import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Digest, ManifestFile } from '../../contract/manifest.ts';
import { JobSchema, type Jobs, jobView, type Report } from '../jobs/index.ts';
import { filesOnly, operatorsOnly, packagesOnly, starterNotFound } from './errors.ts';
import { type PackagePull, pullPackage, type PullOptions, pullStarter } from './pull.ts';
import type { FilePulls } from './pull-files.ts';
import { NameParam, PublishSchema } from './schemas.ts';
import type { Publisher, Registry } from './service.ts';
import { isFileSource } from './sources/file-source.ts';
import { parseSource } from './sources/source.ts';
import { STARTERS } from './starters/index.ts';

const FILES_MAX = 64;
/** Shorter than of an upload: it is kept with the job, and listed with it. */
const CARD_CHARS_MAX = 65_536;
const SourceSchema = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'pypi:NAME==VERSION, npm:NAME@VERSION, hf:ORG/NAME@REVISION/FILE or https://HOST/PATH/FILE#sha256=DIGEST',
});
const { licence, pipeline, batching } = PublishSchema.properties;
const PullSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 160 }),
    source: SourceSchema,
    moreSources: Type.Optional(Type.Array(SourceSchema, { maxItems: FILES_MAX - 1, description: 'further files, of hf: and https:' })),
    recordDigest: Type.Optional(Type.Boolean({ description: 'hf: and https: take what comes where nobody says what it must be' })),
    licence,
    card: Type.Optional(Type.String({ maxLength: CARD_CHARS_MAX })),
    pipeline,
    batching,
    entries: Type.Optional(
      Type.Record(ManifestFile.properties.path, Type.String({ minLength: 1, maxLength: 1024 }), {
        minProperties: 1,
        maxProperties: FILES_MAX,
        additionalProperties: false,
        description: 'file name → entry of the package; without it the one weights file',
      }),
    ),
  },
  { additionalProperties: false },
);
const StarterSchema = Type.Object({
  name: Type.String(),
  licence: Type.String(),
  origin: Type.String(),
  card: Type.String(),
  sources: Type.Array(Type.String()),
  files: Type.Record(Type.String(), Digest),
  published: Type.Boolean(),
});

export interface PullRoutesParts {
  readonly registry: Registry;
  readonly jobs: Jobs;
  readonly filePulls: FilePulls;
  /** For the package clients. */
  readonly environment: PullOptions['environment'];
}

/** `/api/v1/models/pull` and `/api/v1/starters`: the work goes on in a job. */
export function pullRoutes({ registry, jobs, filePulls, environment }: PullRoutesParts): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.post(
      '/models/pull',
      { config: { scope: 'operator' }, schema: { operationId: 'pullModel', body: PullSchema, response: { 202: JobSchema } } },
      async ({ caller, body }, reply) => {
        const { moreSources, recordDigest, entries, ...pull } = body;
        reply.code(202);
        if (isFileSource(pull.source)) {
          if (entries) throw packagesOnly('entries');
          return jobView(await filePulls.start(caller, { ...pull, ...(moreSources && { moreSources }), ...(recordDigest !== undefined && { recordDigest }) }));
        }
        if (moreSources ?? recordDigest) throw filesOnly(moreSources ? 'moreSources' : 'recordDigest');
        const order = { ...pull, ...(entries && { entries }) };
        checkPull(registry, caller, order);
        return jobView(
          await jobs.run({ orgId: caller.orgId, kind: 'pull', input: order }, async (report: Report, signal) =>
            resultOf(await pullPackage(registry, caller, order, { environment, report, signal })),
          ),
        );
      },
    );
    app.get(
      '/starters',
      { config: { scope: 'models.read' }, schema: { operationId: 'listStarters', response: { 200: Type.Object({ data: Type.Array(StarterSchema) }) } } },
      async ({ caller }) => {
        const published = new Set((await registry.list(caller)).map(({ name }) => name));
        return {
          data: STARTERS.map(({ name, licence, origin, card, sources, files }) => ({
            name,
            licence,
            origin,
            card,
            sources: sources.map(({ source }) => source),
            files: { ...files },
            published: published.has(name),
          })),
        };
      },
    );
    app.post(
      '/starters/:name/pull',
      { config: { scope: 'operator' }, schema: { operationId: 'pullStarter', params: NameParam, response: { 202: JobSchema } } },
      async ({ caller, params }, reply) => {
        const starter = STARTERS.find(({ name }) => name === params.name);
        if (!starter) throw starterNotFound(params.name);
        registry.checkName(caller, starter.name);
        reply.code(202);
        return jobView(
          await jobs.run({ orgId: caller.orgId, kind: 'starter', input: { name: starter.name } }, async (report: Report, signal) =>
            resultOf(await pullStarter(registry, caller, starter, { environment, report, signal })),
          ),
        );
      },
    );
    done();
  };
}

/** What is wrong with the request is said at once, not by a job. */
function checkPull(registry: Registry, publisher: Publisher, { name, source }: PackagePull): void {
  if (!publisher.scopes.includes('operator')) throw operatorsOnly();
  registry.checkName(publisher, name);
  parseSource(source);
}

function resultOf({ model, number, digest }: { readonly model: string; readonly number: number; readonly digest: string }) {
  return { model, version: number, digest };
}
