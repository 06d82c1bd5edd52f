import fc from 'fast-check';
import { Connection, type RawAnswer } from './connection.ts';
import { faultOf } from './judge.ts';
import { type RawRequest, requestsOf } from './request.ts';
import type { FuzzedServer } from './server.ts';

const CONNECTIONS = 8;
/** As many requests are made at once: all of a long run would fill the memory. */
const BATCH = 400;
const FAULTS_MAX = 20;

export interface FuzzOptions {
  readonly perRoute: number;
  readonly seed: number;
  /** Routes whose `METHOD /path` holds this. */
  readonly only?: string;
  say(text: string): void;
}

export interface FuzzOutcome {
  readonly routes: number;
  readonly requests: number;
  /** How many answers of each status; `closed`: none, the client had left. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How many answers are wrong, and one of each kind. */
  readonly found: number;
  readonly faults: readonly string[];
}

/** Sends malformed requests to every public route. Whatever happens, the server must answer as its protocols say, and live. */
export async function fuzz({ server, port, names, targets }: FuzzedServer, { perRoute, seed, only = '', say }: FuzzOptions): Promise<FuzzOutcome> {
  const chosen = targets.filter(({ method, path }) => `${method} ${path}`.includes(only));
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  let requests = 0;
  let found = 0;
  for (const [place, target] of chosen.entries()) {
    const route = `${target.method} ${target.path}`;
    const own: Record<string, number> = {};
    const arbitrary = requestsOf(target, names);
    const connections = Array.from({ length: CONNECTIONS }, () => new Connection(port));
    const seen = (request: RawRequest, answer: RawAnswer) => {
      const name = answer.status === 0 ? 'closed' : String(answer.status);
      for (const counts of [statuses, own]) counts[name] = (counts[name] ?? 0) + 1;
      requests++;
      const fault = faultOf(request, answer);
      if (fault === undefined) return;
      found++;
      // A few of each kind are enough to begin with.
      if (faults.length < FAULTS_MAX && faults.filter((other) => other.startsWith(`${fault}:`)).length < 3)
        faults.push(`${fault}: --seed ${seed} --only '${route}'\n${shown(request.bytes)}`);
    };
    for (let from = 0; from < perRoute; from += BATCH) {
      const made = fc.sample(arbitrary, { seed: seed + from, numRuns: Math.min(BATCH, perRoute - from) });
      await Promise.all(connections.map((connection) => work(connection, made, seen)));
    }
    for (const connection of connections) connection.close();
    const silence = await silenceOf(server.url, names.keys[0] ?? '');
    if (silence !== undefined) faults.push(`after ${route} --seed ${seed} the server does not serve: ${silence}`);
    if (server.child.exitCode !== null || server.child.signalCode !== null) {
      faults.push(`the server ended after ${route}: ${server.output().slice(-2_000)}`);
      break;
    }
    say(`${place + 1}/${chosen.length} ${route}: ${listed(own)}`);
  }
  const said = server.output().match(/.*(uncaught|unhandled).*/i)?.[0];
  if (said !== undefined) faults.push(`the server said: ${said.slice(0, 500)}`);
  return { routes: chosen.length, requests, statuses, faults, found };
}

async function work(connection: Connection, left: RawRequest[], seen: (request: RawRequest, answer: RawAnswer) => void): Promise<void> {
  for (let request = left.pop(); request; request = left.pop()) seen(request, await connection.send(request));
}

async function silenceOf(url: string, key: string): Promise<string | undefined> {
  const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'still there' }] });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body }).then(
    async (response) => ({ isGood: response.status === 200, text: `${response.status} ${await response.text()}` }),
    (error: unknown) => ({ isGood: false, text: String(error) }),
  );
  return answer.isGood ? undefined : answer.text;
}

function listed(statuses: Readonly<Record<string, number>>): string {
  return Object.entries(statuses)
    .map(([status, count]) => `${status} ${count}`)
    .join(', ');
}

function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'));
  return text.length > 1_500 ? `${text.slice(0, 700)} … ${text.slice(-700)} (${bytes.length} bytes)` : text;
}
