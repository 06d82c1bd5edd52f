import type { Exchange } from '../data-plane/call.ts';
import type { Authenticate } from '../data-plane/authenticate/authenticate.ts';
import type { Repository, Routes } from '../data-plane/ports.ts';
import type { AnswerRoute, InferenceRoute, PathParams, Question } from '../data-plane/protocols/protocol.ts';
import type { RequestPath } from '../data-plane/request-path.ts';
import { visibleDeployments } from '../data-plane/resolve/resolve.ts';

export type InferenceHandler = (route: InferenceRoute, params: PathParams, exchange: Exchange) => Promise<void>;

export interface InferenceParts {
  readonly requestPath: RequestPath;
  readonly authenticate: Authenticate;
  readonly routes: Routes;
  readonly repository: Repository;
  ready(): boolean;
  live(): boolean;
  readonly version: string;
}

/** A matched inference route's handler: the request path for calls, a plain answer for discovery. Both authenticate first. */
export function createInferenceHandler(parts: InferenceParts): InferenceHandler {
  return (route, params, exchange) => (route.kind === 'infer' ? parts.requestPath(route, params, exchange) : answer(route, params, exchange, parts));
}

async function answer(route: AnswerRoute, params: PathParams, exchange: Exchange, parts: InferenceParts): Promise<void> {
  const sink = exchange.reply(route.faults);
  const { status, body } = await route.answer(question(route, params, exchange, parts));
  const text = JSON.stringify(body);
  sink.head(status, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) });
  sink.frame(Buffer.from(text));
  sink.end();
}

function question(route: AnswerRoute, params: PathParams, exchange: Exchange, parts: InferenceParts): Question {
  const { routes, repository, version } = parts;
  const common = { params, ready: parts.ready(), live: parts.live(), version };
  if (route.scope === 'public') {
    const closed = () => Promise.reject(new Error('a public route orders nothing'));
    return { ...common, visible: () => [], load: closed, unload: closed };
  }
  const caller = parts.authenticate(exchange.headers, route.scope);
  return {
    ...common,
    visible: () => visibleDeployments(caller, routes),
    load: (name) => repository.load(name, caller),
    unload: (name) => repository.unload(name, caller),
  };
}
