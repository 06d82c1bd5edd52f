import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import { CALL_HEADER } from '../contract/call-headers.ts';
import { Fault, invalid, toFault } from '../contract/errors.ts';
import type { UsageRecord } from '../contract/usage.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import type { Admit } from './admit/admit.ts';
import type { Authenticate } from './authenticate/authenticate.ts';
import type { Admission, Admitted, Call, Caller, DecodedRequest, Ending, Exchange, ReplySink, Target, Work } from './call.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import { Meter } from './meter/meter.ts';
import type { Replays, Routes, UsageSink } from './ports.ts';
import type { InferRoute, PathParams } from './protocols/protocol.ts';
import { claimReply } from './replay/claim.ts';
import type { KeptReply } from './replay/kept-reply.ts';
import { fallbackOf, resolve } from './resolve/resolve.ts';
import { Split } from './resolve/split.ts';

/** `x-request-timeout`, seconds: default and cap. */
const TIMEOUT_SECONDS_MAX = 600;

export interface RequestPathParts {
  readonly clock: Clock;
  readonly authenticate: Authenticate;
  readonly routes: Routes;
  readonly admit: Admit;
  readonly dispatch: Dispatch;
  readonly usage: UsageSink;
  readonly replays: Replays;
  readonly bodyBytesMax: number;
  /** Absent: calls are not traced. */
  readonly tracing: Tracing | undefined;
  /** One function per event: what log, metrics and traces are told. */
  readonly events: { finished(record: UsageRecord): void; refused(operation: string, fault: Fault): void; fellBack(revision: string): void; replayed(operation: string): void };
}

export type RequestPath = (route: InferRoute, params: PathParams, exchange: Exchange) => Promise<void>;

/** The straight line: open → authenticate → read the body → resolve → (claim the idempotency key) → admit → dispatch into meter into respond. */
export function createRequestPath(parts: RequestPathParts): RequestPath {
  const split = new Split();
  return async (route, params, exchange) => {
    let sink = exchange.reply(route.faults);
    let kept: KeptReply | undefined;
    const call = open(route, exchange, parts.clock);
    let admission: Admission | undefined;
    let record: UsageRecord | undefined;
    try {
      const caller = authenticateStage(call, route, exchange, parts);
      const body = await readStage(call, exchange, parts);
      const request = decodeStage(call, { route, params, exchange, body }, parts);
      const target = resolveStage(call, { caller, request, split }, parts);
      const work = workStage(call, request, target);
      const admitted: Admitted = { call, caller, request, target, work, requestBytes: body.length };
      // Calls without a key pay nothing for those that have one, not even a turn of the microtask queue.
      if (exchange.headers[CALL_HEADER.idempotencyKey] !== undefined) {
        kept = await claimReply(parts.replays, { call, caller, exchange, body, sink });
        if (!kept) return replayed(call, parts);
        sink = kept;
      }
      const admitting = admitStage(admitted, parts);
      admission = admitting instanceof Promise ? await admitting : admitting;
      call.times.admit = parts.clock.monotonic() - call.arrivedAt;
      const headers: Record<string, string> = { 'x-request-id': call.id, 'x-modelyard-receipt': call.id };
      admission.addHeaders(headers);
      const meter = new Meter(sink, { call, caller, target, work, requestBytes: body.length }, headers, parts.clock);
      const ending = await dispatchStage(admitted, { admission, meter }, parts);
      record = await meter.finish(ending, parts.usage);
      parts.events.finished(record);
      call.trace?.finished(record, ending.fault);
      if (kept) await kept.settle(record);
    } catch (error) {
      fail(sink, call, error, parts);
    } finally {
      admission?.settle(record);
      // Whether a call that was admitted, and whose record may not have been written, will be charged for, nobody can say.
      if (kept) await kept.settle(admission ? 'unknown' : 'free');
    }
  };
}

interface Received {
  readonly route: InferRoute;
  readonly params: PathParams;
  readonly exchange: Exchange;
  readonly body: Buffer;
}

function open(route: InferRoute, exchange: Exchange, clock: Clock): Call {
  const arrivedAt = clock.monotonic();
  const startedAtMs = clock.now();
  const deadline = arrivedAt + TIMEOUT_SECONDS_MAX * 1000;
  return {
    id: newId('req', startedAtMs),
    operation: route.operation,
    arrivedAt,
    startedAtMs,
    deadline,
    presence: exchange.presence,
    isBackground: exchange.headers[CALL_HEADER.priority] === 'low',
    times: {},
  };
}

function authenticateStage(call: Call, route: InferRoute, exchange: Exchange, { clock, authenticate, tracing }: RequestPathParts): Caller {
  if (route.scope === 'public') throw new Fault('internal', 'internal_error', 'An inference route is never public.');
  const caller = authenticate(exchange, route.scope);
  call.times.authenticate = clock.monotonic() - call.arrivedAt;
  if (tracing) call.trace = tracing.begin({ operation: call.operation, requestId: call.id, orgName: caller.orgName, startedAtMs: call.startedAtMs, headers: exchange.headers });
  return caller;
}

function readStage(call: Call, exchange: Exchange, { bodyBytesMax }: RequestPathParts): Promise<Buffer> {
  const timeoutMs = timeoutOf(exchange.headers);
  if (timeoutMs !== undefined) call.deadline = call.arrivedAt + timeoutMs;
  return exchange.readBody(bodyBytesMax);
}

function decodeStage(call: Call, { route, params, exchange, body }: Received, { clock }: RequestPathParts): DecodedRequest {
  const request = route.decode(body, params, exchange.headers);
  call.times.body = clock.monotonic() - call.arrivedAt;
  return request;
}

function resolveStage(call: Call, { caller, request, split }: { caller: Caller; request: DecodedRequest; split: Split }, { clock, routes }: RequestPathParts): Target {
  const target = resolve(caller, request, routes, split);
  call.trace?.resolved(target.deployment.name);
  call.times.resolve = clock.monotonic() - call.arrivedAt;
  return target;
}

function workStage(call: Call, request: DecodedRequest, target: Target): Work {
  const work = request.work(target);
  if (work.kind === 'tensor' && work.timeoutMs !== undefined) call.deadline = Math.min(call.deadline, call.arrivedAt + work.timeoutMs);
  return work;
}

function admitStage(admitted: Admitted, { admit, usage }: RequestPathParts): Admission | Promise<Admission> {
  if (!usage.writable) throw new Fault('unavailable', 'usage_log_unwritable', 'The server can not record usage at the moment, and so serves nothing.', { retryAfterSeconds: 5 });
  return admit(admitted);
}

/** What sees an admitted call through. */
interface Way {
  readonly admission: Admission;
  readonly meter: Meter;
}

/** Failures of the deployment, not of the call: another may do better. */
const OUTAGES: ReadonlySet<Fault['kind'] | undefined> = new Set(['unavailable', 'bad_upstream', 'insufficient_storage']);

/** Sees the call through; what its deployment can't serve goes to the fallback, once, and only while no byte was sent. */
async function dispatchStage(admitted: Admitted, { admission, meter }: Way, { dispatch, routes, events }: RequestPathParts): Promise<Ending> {
  const { call, caller, request, target, work } = admitted;
  const tenant = caller.orgId;
  const ending = await dispatch.run({ call, target, tenant }, work, meter);
  if (ending.status !== 'failed' || target.deployment.fallback === undefined || meter.committed || !OUTAGES.has(ending.fault?.kind)) return ending;
  const other = fallbackOf(caller, request, target, routes);
  const otherWork = other && workFor(request, other);
  if (!other || !otherWork || !(await turned(admission, { ...admitted, target: other, work: otherWork }))) return ending;
  events.fellBack((call.servedBy ?? target.revision).id);
  delete call.servedBy;
  meter.turnTo(other, otherWork);
  const second = await dispatch.run({ call, target: other, tenant }, otherWork, meter);
  return { ...second, attempts: ending.attempts + second.attempts };
}

/** Whether the call could be turned to where it is to go: that it can't pay there leaves it with its first failure. */
async function turned(admission: Admission, to: Admitted): Promise<boolean> {
  try {
    await admission.turnTo(to);
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** Undefined: the call's inputs are none of this target's. */
function workFor(request: DecodedRequest, target: Target): Work | undefined {
  try {
    return request.work(target);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** @throws Fault for anything but a positive number of seconds; more than the cap counts as the cap */
function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers[CALL_HEADER.timeout];
  if (text === undefined) return undefined;
  const seconds = typeof text === 'string' && /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0)) throw invalid('x-request-timeout must be a positive number of seconds, for example 30.', 'x-request-timeout');
  return Math.min(seconds, TIMEOUT_SECONDS_MAX) * 1000;
}

function replayed({ operation, trace, arrivedAt }: Call, { events, clock }: RequestPathParts): void {
  events.replayed(operation);
  trace?.replayed(clock.monotonic() - arrivedAt);
}

function fail(sink: ReplySink, { operation, trace, times, arrivedAt }: Call, error: unknown, { events, clock }: RequestPathParts): void {
  const fault = toFault(error);
  events.refused(operation, fault);
  trace?.refused(fault, times, clock.monotonic() - arrivedAt);
  sink.fail(fault);
}
