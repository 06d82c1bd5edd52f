import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock, type Clock } from '../base/clock.ts';
import { ENGINE_HEADER, type EngineHealth, type EngineSpec } from '../contract/engine-wire.ts';
import { Fault, httpStatus, toFault } from '../contract/errors.ts';
import type { Engine } from './engine.ts';
import { bind, type Address } from './listen.ts';
import { findRoute, type Route } from './routes.ts';
import { createRunningCalls, type RunningCalls } from './running-calls.ts';
import { sendFault, sendJson } from './wire/answer.ts';
import type { WireContext } from './wire/context.ts';

const BODY_BYTES_MAX = 256 * 1024 * 1024;
const REQUEST_ID_CHARACTERS_MAX = 200;

export type Listen = EngineSpec['listen'];

export interface HostOptions {
  readonly clock?: Clock;
  /** Told of every failure that is the engine's own, not the caller's. */
  readonly onError?: (error: unknown) => void;
  /** Told of a call that does not end, long after its deadline or its cancel: the engine hangs (S19). */
  readonly onHang?: (requestId: string) => void;
}

/** A socket that answers health from its start, and calls once an engine was put on it. */
export interface Host {
  readonly address: Address;
  /** Warms the engine up, then is ready. */
  serve(engine: Engine): Promise<void>;
  /** Refuses new calls; resolves when the running ones have ended. */
  drain(): Promise<void>;
  /** Cuts what is still open and closes the engine. */
  close(): Promise<void>;
}

export type RunningEngine = Omit<Host, 'serve'>;

/** Puts an engine on a socket, in this process; resolves when it is ready. */
export async function startEngine(engine: Engine, listen: Listen, options: HostOptions = {}): Promise<RunningEngine> {
  const host = await startHost(listen, options);
  try {
    await host.serve(engine);
  } catch (error) {
    await host.close();
    throw error;
  }
  return host;
}

interface State {
  engine: Engine | undefined;
  status: EngineHealth['status'];
  readonly calls: RunningCalls;
  readonly clock: Clock;
  readonly token: string | undefined;
  readonly onError: (error: unknown) => void;
  served: number;
  failed: number;
}

export async function startHost(listen: Listen, { clock = systemClock, onError = () => undefined, onHang }: HostOptions = {}): Promise<Host> {
  const token = 'token' in listen ? listen.token : undefined;
  const state: State = { engine: undefined, status: 'loading', calls: createRunningCalls(clock, onHang), clock, token, onError, served: 0, failed: 0 };
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => void handle(state, request, response));
  const { address, close } = await bind(server, listen);
  return {
    address,
    async serve(engine) {
      state.engine = engine;
      await engine.warmUp();
      if (state.status === 'loading') state.status = 'ready';
    },
    drain() {
      state.status = 'draining';
      return state.calls.drained();
    },
    async close() {
      state.status = 'draining';
      await close();
      await state.calls.drained();
      await state.engine?.close();
      state.engine = undefined;
    },
  };
}

/** Never rejects: whatever a request causes ends in its answer. */
async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let route: Route | undefined;
  response.on('error', () => response.destroy()); // writing to a client that has gone
  try {
    route = findRoute(request, state.token);
    switch (route.name) {
      case 'health':
        return sendJson(response, state.status === 'ready' ? 200 : 503, health(state));
      case 'metrics':
        return sendJson(response, 200, { ...health(state), served: state.served, failed: state.failed });
      case 'cancel':
        state.calls.cancel(route.argument);
        return void response.writeHead(204).end();
      default:
        await call(state, route, request, response);
    }
  } catch (error) {
    fail(state, error, { dialect: route?.dialect, response });
  }
}

function health({ status, engine, calls }: State): EngineHealth {
  return { status, slots: engine?.slots ?? 0, running: calls.count };
}

async function call(state: State, route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { engine, calls } = state;
  if (engine === undefined || state.status !== 'ready') throw new Fault('unavailable', `engine_${state.status}`, `The engine is ${state.status}.`, { retryAfterSeconds: 1 });
  if (route.takesSlot && calls.count >= engine.slots) throw new Fault('unavailable', 'engine_full', `All ${engine.slots} slots of the engine are taken.`, { retryAfterSeconds: 1 });
  if (!route.takesSlot) return await route.handle(engine, request, response, contextOf(state, route, request, new AbortController().signal));
  const requestId = requestIdOf(request);
  const running = calls.begin(requestId, deadlineOf(request));
  response.on('close', running.abort);
  try {
    await route.handle(engine, request, response, { ...contextOf(state, route, request, running.signal), requestId });
    state.served += 1;
  } finally {
    running.end();
  }
}

function contextOf(state: State, { argument }: Route, request: IncomingMessage, signal: AbortSignal): WireContext {
  return {
    requestId: '',
    cacheSalt: header(request, ENGINE_HEADER.cacheSalt) ?? '',
    signal,
    clock: state.clock,
    modelName: argument,
    bodyBytesMax: BODY_BYTES_MAX,
    report: (error) => report(state, error),
  };
}

function requestIdOf(request: IncomingMessage): string {
  return header(request, ENGINE_HEADER.requestId)?.slice(0, REQUEST_ID_CHARACTERS_MAX) ?? randomUUID();
}

function deadlineOf(request: IncomingMessage): number | undefined {
  const ms = Number(header(request, ENGINE_HEADER.deadlineMs) ?? Number.NaN);
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function fail(state: State, error: unknown, { dialect, response }: { dialect: Route['dialect'] | undefined; response: ServerResponse }): void {
  if (response.destroyed) return; // the client has gone, and what failed was reading from it or writing to it
  report(state, error);
  if (response.headersSent) return void response.destroy();
  const fault = toFault(error);
  if (dialect === 'oip') return sendJson(response, httpStatus(fault.kind), { error: fault.message });
  sendFault(response, fault);
}

function report(state: State, error: unknown): void {
  if (toFault(error).kind !== 'internal') return;
  state.failed += 1;
  state.onError(error);
}
