import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ENGINE_HEADER } from '../contract/engine-wire.ts';
import { Fault } from '../contract/errors.ts';
import type { Engine, TensorEngine, TextEngine } from './engine.ts';
import { handleChat } from './wire/chat.ts';
import { handleCompletions } from './wire/completions.ts';
import type { WireHandler } from './wire/context.ts';
import { handleEmbeddings } from './wire/embeddings.ts';
import { handleOip } from './wire/oip.ts';
import { handleTokenize } from './wire/tokenize.ts';

export interface Route {
  readonly name: string;
  readonly dialect: Engine['dialect'];
  /** Whether a call counts against the engine's slots. */
  readonly takesSlot: boolean;
  readonly handle: WireHandler<Engine>;
  /** The path's variable part, decoded once; empty where it has none. */
  readonly argument: string;
}

type Fixed = Omit<Route, 'argument'> & { readonly method: string; readonly path: RegExp };

const ROUTES: readonly Fixed[] = [
  { name: 'health', method: 'GET', path: /^\/health$/u, dialect: 'openai', takesSlot: false, handle: nothing },
  { name: 'metrics', method: 'GET', path: /^\/metrics$/u, dialect: 'openai', takesSlot: false, handle: nothing },
  { name: 'cancel', method: 'POST', path: /^\/cancel\/([^/]+)$/u, dialect: 'openai', takesSlot: false, handle: nothing },
  { name: 'tokenize', method: 'POST', path: /^\/tokenize$/u, dialect: 'openai', takesSlot: false, handle: onText(handleTokenize) },
  { name: 'chat', method: 'POST', path: /^\/v1\/chat\/completions$/u, dialect: 'openai', takesSlot: true, handle: onText(handleChat) },
  { name: 'completions', method: 'POST', path: /^\/v1\/completions$/u, dialect: 'openai', takesSlot: true, handle: onText(handleCompletions) },
  { name: 'embeddings', method: 'POST', path: /^\/v1\/embeddings$/u, dialect: 'openai', takesSlot: true, handle: onText(handleEmbeddings) },
  { name: 'infer', method: 'POST', path: /^\/v2\/models\/([^/]+)\/infer$/u, dialect: 'oip', takesSlot: true, handle: onTensors(handleOip) },
];

/** The route of a request, or a Fault: 401 without the replica's token, 404, 405. */
export function findRoute(request: IncomingMessage, token: string | undefined): Route {
  if (token !== undefined && !isEqual(request.headers[ENGINE_HEADER.token], token)) {
    throw new Fault('unauthenticated', 'invalid_engine_token', `The header ${ENGINE_HEADER.token} is missing or wrong.`);
  }
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  let isKnownPath = false;
  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (match === null) continue;
    isKnownPath = true;
    if (route.method === request.method) return { ...route, argument: decoded(match[1] ?? '') };
  }
  if (isKnownPath) throw new Fault('method_not_allowed', 'method_not_allowed', `${request.method} is not allowed on this path.`);
  throw new Fault('not_found', 'not_found', 'The engine has no such path.');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Fault('invalid_argument', 'invalid_path', 'The path is not valid percent-encoding.');
  }
}

function isEqual(given: string | string[] | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(token));
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

function onText(handler: WireHandler<TextEngine>): WireHandler<Engine> {
  return (engine, request, response, context) => {
    if (engine.dialect !== 'openai') throw wrongDialect();
    return handler(engine, request, response, context);
  };
}

function onTensors(handler: WireHandler<TensorEngine>): WireHandler<Engine> {
  return (engine, request, response, context) => {
    if (engine.dialect !== 'oip') throw wrongDialect();
    return handler(engine, request, response, context);
  };
}

function wrongDialect(): Fault {
  return new Fault('not_found', 'unsupported_task', "This model's engine does not serve this API.");
}
