import { Pool } from 'undici';
import { Random } from '../src/scheduler/simulate/random.ts';
import type { Expectation, LoadOrder, LoadResult, OpenLoop } from './lib/load-order.ts';
import { serveOrders } from './lib/process.ts';
import { quantile } from './lib/stats.ts';

/**
 * The load generator, over undici's dispatch. Closed loop: C workers, each sending its next request when its answer was read and checked.
 * Open loop: calls by a schedule of their own, their times counted from when they were due (no coordinated omission; Tene, wrk2).
 */
interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Tally {
  successes: number;
  failures: number;
  firstFailure: string;
  events: number;
  eventsLost: number;
  tokens: number;
  refusals: number;
  unsent: number;
  readonly times: number[];
  readonly refusalTimes: number[];
  readonly lateTimes: number[];
}

/** Calls of an open loop go out so often, all that are due together. */
const BUNCH_MS = 2;
const DATA = Buffer.from('data: ');
const COMPLETION_TOKENS = '"completion_tokens":';

async function run(order: LoadOrder): Promise<LoadResult> {
  const connections = order.open?.connections ?? order.open?.inFlightMax ?? order.concurrency;
  const pool = new Pool(order.origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const bodies = order.bodies.map((body) => Buffer.from(body, order.binary ? 'base64' : 'utf8'));
  const tally = newTally();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const until = started + order.seconds * 1000;
  const work: Work = { pool, order, bodies, until, tally };
  if (order.open) await openLoop(order.open, work);
  else await Promise.all(Array.from({ length: order.concurrency }, (_, index) => worker(index, work)));
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await pool.close();
  const { times, refusalTimes, lateTimes, ...counts } = tally;
  return {
    ...counts,
    seconds,
    cpuUs: user + system,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    refusalP99Ms: quantile(refusalTimes, 0.99),
    lateP99Ms: quantile(lateTimes, 0.99),
  };
}

function newTally(): Tally {
  return { successes: 0, failures: 0, firstFailure: '', events: 0, eventsLost: 0, tokens: 0, refusals: 0, unsent: 0, times: [], refusalTimes: [], lateTimes: [] };
}

interface Work {
  readonly pool: Pool;
  readonly order: LoadOrder;
  readonly bodies: readonly Buffer[];
  readonly until: number;
  readonly tally: Tally;
}

async function worker(index: number, work: Work): Promise<void> {
  const { order, until } = work;
  for (let turn = index; performance.now() < until; turn += order.concurrency) await one(turn, performance.now(), work);
}

/**
 * Independent arrivals, the same at each run, moved on to the next multiple of a few milliseconds: a generator that woke for each call would
 * need the CPU that it shares with the mock upstream for itself.
 */
async function openLoop({ perSecond, inFlightMax }: OpenLoop, work: Work): Promise<void> {
  const { tally, until } = work;
  const random = new Random(1);
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  let arrivesAt = random.exponential(1_000 / perSecond);
  let turn = 0;
  for (let due = began + BUNCH_MS; due < until; due += BUNCH_MS) {
    while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    for (; began + arrivesAt < due; arrivesAt += random.exponential(1_000 / perSecond)) {
      if (underWay.size >= inFlightMax) {
        tally.unsent++;
        continue;
      }
      tally.lateTimes.push(performance.now() - due);
      const call: Promise<void> = one(turn++, due, work).then(() => void underWay.delete(call));
      underWay.add(call);
    }
  }
  await Promise.all(underWay);
}

/** Sends one request and judges its answer; its time is from `since`. */
async function one(turn: number, since: number, { pool, order, bodies, tally }: Work): Promise<void> {
  try {
    const answer = await send(pool, order, bodies[turn % bodies.length] ?? Buffer.alloc(0));
    const ms = performance.now() - since;
    if (answer.status === order.expect.refusal) {
      tally.refusals++;
      tally.refusalTimes.push(ms);
      return;
    }
    tally.times.push(ms);
    const fault = check(answer, order.expect, tally);
    if (fault === undefined) tally.successes++;
    else fail(tally, fault);
  } catch (error) {
    fail(tally, String(error));
  }
}

function fail(tally: Tally, why: string): void {
  tally.failures++;
  tally.firstFailure ||= why;
}

function send(pool: Pool, { path, headers, method = 'POST' }: LoadOrder, body: Buffer): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const chunks: Buffer[] = [];
  let status = 0;
  pool.dispatch(
    { path, method, headers, body: method === 'GET' ? null : body },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, code) => {
        status = code;
      },
      onResponseData: (_controller, chunk) => {
        chunks.push(chunk);
      },
      onResponseEnd: () => resolve({ status, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise;
}

/** What is wrong with an answer; undefined: nothing. */
function check({ status, body }: Answer, expect: Expectation, tally: Tally): string | undefined {
  const shown = () => body.subarray(0, 300).toString();
  if (status !== 200) return `status ${status}: ${shown()}`;
  if (expect.bytes !== undefined && body.length !== expect.bytes) return `${body.length} bytes, not ${expect.bytes}: ${shown()}`;
  if (expect.bytesMin !== undefined && body.length < expect.bytesMin) return `${body.length} bytes, fewer than ${expect.bytesMin}`;
  const missing = expect.contains?.find((text) => !body.includes(text));
  if (missing !== undefined) return `without ${missing}: ${shown()}`;
  const extra = expect.absent?.find((text) => body.includes(text));
  if (extra !== undefined) return `with ${extra}`;
  const at = body.lastIndexOf(COMPLETION_TOKENS);
  if (at >= 0) tally.tokens += Number.parseInt(body.toString('latin1', at + COMPLETION_TOKENS.length, at + COMPLETION_TOKENS.length + 12), 10) || 0;
  return expect.events === undefined ? undefined : checkEvents(body, expect.events, tally);
}

function checkEvents(body: Buffer, wanted: number, tally: Tally): string | undefined {
  let events = 0;
  for (let at = body.indexOf(DATA); at >= 0; at = body.indexOf(DATA, at + DATA.length)) events++;
  tally.events += events;
  tally.eventsLost += Math.max(0, wanted - events);
  return events === wanted ? undefined : `${events} events, not ${wanted}`;
}

await serveOrders<LoadOrder>({ ready: true }, run);
