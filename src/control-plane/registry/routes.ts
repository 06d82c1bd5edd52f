import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { invalid } from '../../contract/errors.ts';
import { parseDigest } from './digest.ts';
import { Collected, CollectQuery, DigestParam, LabelSchema, ModelSchema, modelView, NameParam, PublishSchema, UploadState, VersionSchema, versionView } from './schemas.ts';
import type { Registry } from './service.ts';

/** `/api/v1/{models,blobs,gc}` */
export function registryRoutes(registry: Registry): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/models',
      { config: { scope: 'models.read' }, schema: { operationId: 'listModels', response: { 200: Type.Object({ data: Type.Array(ModelSchema) }) } } },
      async ({ caller }) => ({
        data: (await registry.list(caller)).map(modelView),
      }),
    );
    app.get(
      '/models/:name',
      { config: { scope: 'models.read' }, schema: { operationId: 'getModel', params: NameParam, response: { 200: ModelSchema } } },
      async ({ caller, params }) => modelView(await registry.get(caller, params.name)),
    );
    app.post(
      '/models',
      { config: { scope: 'models.write' }, schema: { operationId: 'publishModel', body: PublishSchema, response: { 201: VersionSchema } } },
      async ({ caller, body }, reply) => {
        reply.code(201);
        return versionView(await registry.publish(caller, { ...body, origin: `upload by ${caller.orgName}` }));
      },
    );
    app.delete(
      '/models/:name',
      { config: { scope: 'models.write' }, schema: { operationId: 'removeModel', params: NameParam, response: { 204: Type.Null() } } },
      async ({ caller, params }, reply) => {
        await registry.remove(caller, params.name);
        return reply.code(204).send(null);
      },
    );
    app.put(
      '/models/:name/labels',
      { config: { scope: 'models.write' }, schema: { operationId: 'labelModel', params: NameParam, body: LabelSchema, response: { 204: Type.Null() } } },
      async ({ caller, params, body }, reply) => {
        await registry.label(caller, params.name, body);
        return reply.code(204).send(null);
      },
    );
    app.post(
      '/gc',
      { config: { scope: 'operator' }, schema: { operationId: 'collectGarbage', querystring: CollectQuery, response: { 200: Collected } } },
      ({ query: { dryRun = false, graceSeconds } }) => registry.garbage.collect({ dryRun, ...(graceSeconds !== undefined && { graceMs: graceSeconds * 1_000 }) }),
    );
    blobRoutes(app, registry);
    done();
  };
}

const OCTETS = 'application/octet-stream';
const Range = Type.Object({ 'content-range': Type.String({ pattern: '^bytes \\d{1,15}-\\d{1,15}/\\d{1,15}$', description: 'bytes FIRST-LAST/TOTAL' }) });

/** Uploads by digest: ask how much has arrived, go on from there. */
function blobRoutes(app: Parameters<FastifyPluginCallbackTypebox>[0], registry: Registry): void {
  app.addContentTypeParser(OCTETS, (_request, payload, done) => done(null, payload));
  app.get(
    '/blobs/:digest',
    { config: { scope: 'models.write' }, schema: { operationId: 'getUpload', params: DigestParam, response: { 200: UploadState } } },
    async ({ caller, params }) => {
      const digest = parseDigest(params.digest);
      return { digest, ...(await registry.uploadState(caller, digest)) };
    },
  );
  app.put(
    '/blobs/:digest',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { scope: 'models.write' },
      schema: { operationId: 'uploadBlob', params: DigestParam, headers: Range, response: { 200: UploadState } },
    },
    async ({ caller, params, headers, body }) => {
      const digest = parseDigest(params.digest);
      const [offset = 0, last = 0, total = 0] = (/(\d+)-(\d+)\/(\d+)/.exec(headers['content-range']) ?? []).slice(1).map(Number);
      if (last >= total || offset > last) throw invalid('content-range must be "bytes FIRST-LAST/TOTAL" with FIRST <= LAST < TOTAL.', 'content-range');
      return { digest, ...(await registry.upload(caller, digest, { offset, total, chunks: body as AsyncIterable<Buffer> })) };
    },
  );
}
