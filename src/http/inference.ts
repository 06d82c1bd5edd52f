import type { Clock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import { httpStatus, toFault } from '../contract/errors.ts';
import { auditUnavailable } from '../control-plane/audit/index.ts';
import type { Caller, Exchange } from '../data-plane/call.ts';
import type { AuditLog } from './audit-hook.ts';
import type { Authenticate } from '../data-plane/authenticate/authenticate.ts';
import type { ModelStatistics, Repository, Routes } from '../data-plane/ports.ts';
import { asTriton } from '../data-plane/protocols/oip-rest/triton.ts';
import type { AnswerRoute, InferenceRoute, PathParams, Question } from '../data-plane/protocols/protocol.ts';
import type { RequestPath } from '../data-plane/request-path.ts';
import { visibleDeployments } from '../data-plane/resolve/resolve.ts';

/** Bodies of what the gateway answers by itself are small. */
const ANSWERED_BYTES_MAX = 1_048_576;

export type InferenceHandler = (route: InferenceRoute, params: PathParams, exchange: Exchange) => Promise<void>;

export interface InferenceParts {
  readonly requestPath: RequestPath;
  readonly authenticate: Authenticate;
  readonly routes: Routes;
  readonly repository: Repository;
  ready(): boolean;
  live(): boolean;
  readonly version: string;
  readonly clock: Clock;
  /** Absent where models can't be loaded. */
  readonly audit?: AuditLog | undefined;
  readonly statistics: ModelStatistics;
  /** The Open Inference Protocol speaks as NVIDIA's server where clients look for its words. */
  readonly asTriton: boolean;
}

/** A matched inference route's handler: the request path for calls, a plain answer for discovery. Both authenticate first. */
export function createInferenceHandler(parts: InferenceParts): InferenceHandler {
  return (found, params, exchange) => {
    const route = parts.asTriton ? asTriton(found) : found;
    return route.kind === 'infer' ? parts.requestPath(route, params, exchange) : answer(route, params, exchange, parts);
  };
}

async function answer(route: AnswerRoute, params: PathParams, exchange: Exchange, parts: InferenceParts): Promise<void> {
  const sink = exchange.reply(route.faults);
  try {
    const { status, body } = await route.answer(question(route, params, exchange, parts));
    const text = Buffer.from(JSON.stringify(body));
    sink.head(status, { 'content-type': 'application/json', 'content-length': String(text.length) });
    sink.end(text);
  } catch (error) {
    sink.fail(toFault(error));
  }
}

function question(route: AnswerRoute, params: PathParams, exchange: Exchange, parts: InferenceParts): Question {
  const { routes, repository, version, statistics } = parts;
  const common = {
    params,
    body: () => exchange.readBody(ANSWERED_BYTES_MAX),
    ready: parts.ready(),
    live: parts.live(),
    version,
    asTriton: parts.asTriton,
    figures: (name: string, of: number) => statistics.figures(name, of),
  };
  if (route.scope === 'public') {
    const closed = () => Promise.reject(new Error('a public route orders nothing'));
    return { ...common, visible: () => [], owned: () => [], load: closed, unload: closed };
  }
  const caller = parts.authenticate(exchange, route.scope);
  const visible = () => visibleDeployments(caller, routes);
  return {
    ...common,
    visible,
    owned: () => visible().filter(({ orgId }) => orgId === caller.orgId || caller.scopes.includes('operator')),
    load: (name) => audited({ caller, operation: 'loadModel', object: name }, exchange, parts, () => repository.load(name, caller)),
    unload: (name) => audited({ caller, operation: 'unloadModel', object: name }, exchange, parts, () => repository.unload(name, caller)),
  };
}

interface Change {
  readonly caller: Caller;
  readonly operation: string;
  readonly object: string;
}

/** OIP's own changes are written down as those of the control API are. */
async function audited({ caller, ...change }: Change, { address }: Exchange, { audit, clock }: InferenceParts, work: () => Promise<void>): Promise<void> {
  const deed = { ...change, orgId: caller.orgId, keyId: caller.keyId, address, requestId: newId('req', clock.now()) };
  try {
    await work();
  } catch (error) {
    await audit?.record({ ...deed, outcome: httpStatus(toFault(error).kind) });
    throw error;
  }
  await audit?.record({ ...deed, outcome: 200 }).catch((error: unknown) => {
    throw auditUnavailable(error);
  });
}
