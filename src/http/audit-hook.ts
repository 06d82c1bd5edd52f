import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Fault, toFault } from '../contract/errors.ts';
import { auditUnavailable, type Deed } from '../control-plane/audit/index.ts';
import type { Exposure } from './exposure.ts';

/** Where deeds are written down. */
export interface AuditLog {
  /** Resolves once it is stored. */
  record(deed: Deed): Promise<void>;
}

export interface AuditParts {
  /** Absent where nothing can be changed. */
  readonly audit?: AuditLog | undefined;
  readonly exposure: Pick<Exposure, 'addressOf'>;
  /** Told of errors that a client sees as "the server failed" only. */
  failed(fault: Fault): void;
}

/** Answers that name what was made are short. */
const PAYLOAD_CHARS_MAX = 65_536;

/**
 * Every answer says by which id it is to be found, and every change that somebody with a key asked for is written down before its answer goes: also one that was
 * refused. When that fails, who was to be told of a success is told of the failure (X37).
 */
export function auditEveryChange(app: FastifyInstance, { audit, exposure, failed }: AuditParts): void {
  const recorded = new WeakSet<FastifyRequest>();
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    // What publishers wrote is data, whatever it looks like (X40).
    reply.header('x-content-type-options', 'nosniff');
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (!audit || !isChange(request) || recorded.has(request)) return payload;
    recorded.add(request);
    try {
      await audit.record(deedOf(request, reply, { payload, address: exposure.addressOf(request.raw) }));
    } catch (error) {
      failed(toFault(error));
      if (reply.statusCode < 400) throw auditUnavailable(error);
    }
    return payload;
  });
}

/** Of who is known: what strangers send is counted, not kept. */
function isChange({ method, is404, caller }: FastifyRequest): boolean {
  return !is404 && (caller as FastifyRequest['caller'] | undefined) !== undefined && !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

function deedOf(request: FastifyRequest, { statusCode }: FastifyReply, { payload, address }: { readonly payload: unknown; readonly address: string }): Deed {
  const { caller, method, params, id: requestId } = request;
  const { schema, url = '' } = request.routeOptions;
  const operation = schema?.operationId ?? `${method} ${url}`;
  const named = Object.values(params as Readonly<Record<string, string>>);
  return {
    orgId: caller.orgId,
    keyId: caller.keyId,
    operation,
    object: [...named, ...(statusCode < 400 ? madeIn(payload) : [])].join(' '),
    address,
    requestId,
    outcome: statusCode,
  };
}

/** The id or name of what an answer says was made; nothing else of an answer is kept: it may be a key. */
function madeIn(payload: unknown): string[] {
  if (typeof payload !== 'string' || payload.length > PAYLOAD_CHARS_MAX || !payload.startsWith('{')) return [];
  const { id, name, details } = JSON.parse(payload) as { readonly id?: unknown; readonly name?: unknown; readonly details?: { readonly id?: unknown } };
  const made = details?.id ?? id ?? name;
  return typeof made === 'string' ? [made] : [];
}
