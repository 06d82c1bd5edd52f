import type { RequestListener, Server } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginCallbackTypebox, TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Type, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import { checker } from '../contract/check.ts';
import { Fault, httpStatus, invalid, toFault } from '../contract/errors.ts';
import type { CallerEntry } from '../contract/feeds.ts';
import { parseJsonBody } from '../contract/oip-json.ts';
import { type Authenticate, InsufficientScope } from '../data-plane/authenticate/authenticate.ts';
import { auditEveryChange, type AuditLog } from './audit-hook.ts';
import { addCompression } from './control-compression.ts';
import type { Exposure } from './exposure.ts';
import { closeLingering, isUnread } from './linger.ts';
import { notAccepted } from './media.ts';
import { checkStorable } from '../contract/storable.ts';
import { described, describeInference, LOGO } from './openapi.ts';

/** JSON bodies of the control API are small; blobs stream past this limit. */
const BODY_BYTES_MAX = 1_048_576;
const PARAM_CHARS_MAX = 512;

export interface ControlOptions {
  readonly clock: Clock;
  readonly authenticate: Authenticate;
  readonly exposure: Pick<Exposure, 'addressOf'>;
  /** Absent where nothing can be changed. */
  readonly audit?: AuditLog;
  readonly version: string;
  /** The domains' routes, mounted under `/api/v1`. */
  readonly domains: readonly FastifyPluginCallbackTypebox[];
  readonly operations: Operations;
  /** What is said of the control API where there is none. */
  readonly withoutApi?: string;
  /** Told of errors that a client sees as "the server failed" only. */
  failed(fault: Fault): void;
  createServer(control: RequestListener): Server;
}

/** What the server says of itself. */
export interface Operations {
  /** Whether the thread is on time. */
  live(): boolean;
  ready(): { readonly ready: boolean; readonly status: 'ready' | 'degraded' | 'draining' | 'unready'; readonly reasons: readonly string[] };
  metrics(): Promise<string>;
}

/** The control API: fastify on the listener's own server, one authentication hook in front of every route, deny by default. */
export async function createControl(options: ControlOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    genReqId: () => newId('req', options.clock.now()),
    routerOptions: { maxParamLength: PARAM_CHARS_MAX },
    serverFactory: (handler) => options.createServer(handler),
    // A path that can't be decoded never reaches a route.
    frameworkErrors: (error, request, reply) => void (reply as FastifyReply).code(400).send(errorBody(faultOf(error, request as FastifyRequest))),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // The same bounds on depth and keys as everywhere else (S24).
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, async ({ method }: FastifyRequest, body: Buffer) =>
    // Clients name a type for bodies that they do not send.
    body.length === 0 && method === 'DELETE' ? undefined : parseJsonBody(body),
  );
  app.setValidatorCompiler(({ schema, httpPart }) => validator(schema as TSchema, httpPart));
  app.setErrorHandler((error, request, reply) => {
    const fault = faultOf(error, request);
    options.failed(fault);
    if (fault.retryAfterSeconds !== undefined) reply.header('retry-after', String(fault.retryAfterSeconds));
    if (isUnread(request.raw)) {
      reply.header('connection', 'close');
      closeLingering(reply.raw, options.clock);
    }
    return reply.code(httpStatus(fault.kind)).send(errorBody(fault));
  });
  app.setNotFoundHandler((request, reply) => reply.code(404).send(errorBody(unknownUrl(request, options.withoutApi))));
  auditEveryChange(app, options);
  authenticateEveryRoute(app, options);
  addCompression(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Modelyard', version: options.version, description: 'Control API and inference API of Modelyard.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: my_…' } } },
      security: [{ key: [] }],
    },
    transform: ({ schema, url, ...rest }) => ({ ...rest, url, schema: described(schema, url) }),
    transformObject: (document) => describeInference('openapiObject' in document ? document.openapiObject : {}),
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, logo: { type: 'image/svg+xml', content: LOGO }, theme: { title: 'Modelyard API' } });
  operationRoutes(app, options.operations);
  for (const domain of options.domains) await app.register(domain, { prefix: '/api/v1' });
  await app.ready();
  return app;
}

function unknownUrl({ method, url }: FastifyRequest, withoutApi: string | undefined): Fault {
  if (withoutApi !== undefined && url.startsWith('/api/')) return new Fault('not_found', 'not_here', withoutApi);
  return new Fault('not_found', 'unknown_url', `Unknown request URL: ${method} ${url.slice(0, 200)}`);
}

function authenticateEveryRoute(app: FastifyInstance, { authenticate, exposure }: Pick<ControlOptions, 'authenticate' | 'exposure'>): void {
  app.decorateRequest('caller');
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/docs')) route.config = { ...route.config, scope: 'public' };
    if (!route.config?.scope) throw new Error(`${route.url} names no scope; every route must say what a key needs for it`);
  });
  app.addHook('onRequest', async (request: FastifyRequest) => {
    const { scope } = request.routeOptions.config;
    if (request.is404 || scope === 'public') return;
    if (!scope) throw new Fault('permission_denied', 'no_scope', 'This route is closed.');
    try {
      (request as { caller: CallerEntry }).caller = authenticate({ headers: request.headers, address: exposure.addressOf(request.raw) }, scope);
    } catch (error) {
      // Who tried what he may not do is known, and written down.
      if (error instanceof InsufficientScope) request.caller = error.caller;
      throw error;
    }
  });
}

function operationRoutes(app: FastifyInstance, operations: Operations): void {
  const hidden = { hide: true };
  app.get('/live', { config: { scope: 'public' }, schema: hidden }, async (_request, reply) => {
    const live = operations.live();
    return reply.code(live ? 200 : 503).send({ live });
  });
  app.get('/ready', { config: { scope: 'public' }, schema: hidden }, async (_request, reply) => {
    const { ready, status, reasons } = operations.ready();
    return reply.code(ready ? 200 : 503).send({ ready, status, reasons });
  });
  app.get('/metrics', { config: { scope: 'metrics' }, schema: { operationId: 'metrics', produces: ['text/plain'], response: { 200: Type.String() } } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await operations.metrics()),
  );
  app.get('/openapi.json', { config: { scope: 'public' }, schema: hidden }, async () => app.swagger());
}

/** Bodies must fit as they are; path and query values come as text and are converted first. Nothing is dropped in silence. */
function validator(schema: TSchema, httpPart: string | undefined): (value: unknown) => { value: unknown } | { error: Error } {
  const check = checker(schema);
  return (value) => {
    try {
      checkStorable(value);
      return { value: check(httpPart === 'body' ? value : exact(Value.Convert(schema, value))) };
    } catch (error) {
      return { error: error as Error };
    }
  };
}

/** Numbers of a path or a query count or tell the time: beyond 2^53 they are others than were sent, and beyond 2^63 no database takes them. */
function exact(values: unknown): unknown {
  for (const [name, value] of Object.entries(values as Record<string, unknown>)) {
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
      throw invalid(`"${name}" is too large; accepted are numbers up to ${Number.MAX_SAFE_INTEGER}.`, name);
  }
  return values;
}

/** fastify's own complaints about a request are the client's to mend. */
function faultOf(error: unknown, request: FastifyRequest): Fault {
  if (error instanceof Fault) return error;
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return notAccepted(request.headers['content-type'] ?? '');
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Fault('payload_too_large', 'body_too_large', `The request body is larger than ${BODY_BYTES_MAX} bytes.`);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new Fault('invalid_argument', 'bad_request', message ?? 'The request could not be read.');
  return code !== undefined && DATABASE_AWAY.test(code)
    ? new Fault('unavailable', 'database_unavailable', 'The database does not answer just now; try again shortly.', { cause: error, retryAfterSeconds: 5 })
    : toFault(error);
}

/** What databases and their sockets say when they are not there, or take nothing: PostgreSQL's classes 08, 53 and 57P, SQLite's busy, full and unreadable files. */
const DATABASE_AWAY = /^(ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|DATABASE_AWAY|08\w{3}|53\w{3}|57P0\d|SQLITE_(5|6|10|13|14))$/;

function errorBody({ code, message, param }: Fault) {
  return { error: { code, message, param: param ?? null } };
}
