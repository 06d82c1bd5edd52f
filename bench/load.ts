import { Pool } from 'undici';
import type { Expectation, LoadOrder, LoadResult } from './lib/load-order.ts';
import { serveOrders } from './lib/process.ts';
import { quantile } from './lib/stats.ts';

/** The load generator: a closed loop of C workers over undici's dispatch, each sending its next request when its answer was read and checked. */
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
  readonly times: number[];
}

const DATA = Buffer.from('data: ');
const COMPLETION_TOKENS = '"completion_tokens":';

async function run(order: LoadOrder): Promise<LoadResult> {
  const pool = new Pool(order.origin, { connections: order.concurrency, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const bodies = order.bodies.map((body) => Buffer.from(body, order.binary ? 'base64' : 'utf8'));
  const tally: Tally = { successes: 0, failures: 0, firstFailure: '', events: 0, eventsLost: 0, tokens: 0, times: [] };
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const until = started + order.seconds * 1000;
  await Promise.all(Array.from({ length: order.concurrency }, (_, index) => worker(index, { pool, order, bodies, until, tally })));
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await pool.close();
  const { times, ...counts } = tally;
  return { ...counts, seconds, cpuUs: user + system, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

interface Work {
  readonly pool: Pool;
  readonly order: LoadOrder;
  readonly bodies: readonly Buffer[];
  readonly until: number;
  readonly tally: Tally;
}

async function worker(index: number, { pool, order, bodies, until, tally }: Work): Promise<void> {
  for (let turn = index; performance.now() < until; turn += order.concurrency) {
    const started = performance.now();
    try {
      const answer = await send(pool, order, bodies[turn % bodies.length] ?? Buffer.alloc(0));
      tally.times.push(performance.now() - started);
      const fault = check(answer, order.expect, tally);
      if (fault === undefined) tally.successes++;
      else fail(tally, fault);
    } catch (error) {
      fail(tally, String(error));
    }
  }
}

function fail(tally: Tally, why: string): void {
  tally.failures++;
  tally.firstFailure ||= why;
}

function send(pool: Pool, { path, headers }: LoadOrder, body: Buffer): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const chunks: Buffer[] = [];
  let status = 0;
  pool.dispatch(
    { path, method: 'POST', headers, body },
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
