import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Attempt } from './evidence.ts';

/** Who calls, and on what terms. */
export interface Buyer {
  readonly key: string;
  readonly model: string;
  readonly isPaid: boolean;
}

export interface TrafficOptions {
  readonly urls: readonly string[];
  readonly buyers: readonly Buyer[];
  /** Where clients write what they saw, one attempt a line. */
  readonly file: string;
  readonly random: () => number;
}

/** A call as its client means it; tried until it is answered, or there is no use. */
interface Wanted {
  readonly call: string;
  readonly buyer: Buyer;
  readonly stream: boolean;
  readonly idempotencyKey: string | undefined;
  /** Leaves after so many pieces of the first attempt's stream. */
  readonly leavesAfter: number | undefined;
  readonly body: string;
}

const TRIES_MAX = 12;
const PAUSE_MS = 60;
const WORDS_MAX = 30;
const TIMEOUT_SECONDS = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Clients that call without end, each one call after the other, until told to stop: streams and whole answers, some that leave, some with a key that is sent again. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #clients: Promise<void>[] = [];
  #stopping = false;
  #inFlight = 0;
  /** Answers that came whole and have a price, for refunds and receipts. */
  readonly paid: string[] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  start(clients: number): void {
    for (let n = 0; n < clients; n++) this.#clients.push(this.#client(n));
  }

  /** Resolves once every call is answered or given up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }

  async #client(n: number): Promise<void> {
    for (let at = 0; !this.#stopping; at++) await this.#see(this.#next(`call-${n}-${at}`));
  }

  #next(call: string): Wanted {
    const { random, buyers } = this.#options;
    const buyer = buyers[Math.floor(random() * buyers.length)];
    if (!buyer) throw new Error('nobody calls');
    const stream = random() < 0.6;
    const words = Array.from({ length: 1 + Math.floor(random() * WORDS_MAX) }, (_, at) => `w${at}`).join(' ');
    const content = `${call} ${words} [[delay-ms:${Math.floor(random() * 8)}]]`;
    return {
      call,
      buyer,
      stream,
      idempotencyKey: random() < 0.5 ? `key-${call}` : undefined,
      leavesAfter: stream && random() < 0.15 ? 1 + Math.floor(random() * 6) : undefined,
      body: JSON.stringify({ model: buyer.model, messages: [{ role: 'user', content }], max_tokens: 200, ...(stream && { stream, stream_options: { include_usage: true } }) }),
    };
  }

  async #see(wanted: Wanted): Promise<void> {
    const { random } = this.#options;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const attempt = await this.#attempt(wanted, tries === 0 ? wanted.leavesAfter : undefined);
      if (attempt.outcome === 'left' && wanted.idempotencyKey === undefined) return;
      const isAnswered = attempt.outcome === 'whole';
      const isFinal = attempt.outcome === 'refused' && !attempt.mayRetry;
      if (isAnswered && wanted.idempotencyKey !== undefined && random() < 0.4) await this.#attempt(wanted, undefined);
      if (isAnswered || isFinal) return;
      await pause(PAUSE_MS);
    }
  }

  async #attempt(wanted: Wanted, leavesAfter: number | undefined): Promise<Seen> {
    this.#inFlight++;
    try {
      const { urls, random, file } = this.#options;
      const url = urls[Math.floor(random() * urls.length)] ?? '';
      const seen = await attempt(url, wanted, leavesAfter);
      const { mayRetry: _, ...line } = seen;
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      if (seen.outcome === 'whole' && wanted.buyer.isPaid && seen.id !== undefined && !seen.isReplayed) this.paid.push(seen.id);
      return seen;
    } finally {
      this.#inFlight--;
    }
  }
}

type Seen = Attempt & { readonly mayRetry: boolean };

/** One HTTP exchange, to its end or its client's leaving. */
async function attempt(url: string, { call, buyer, stream, idempotencyKey, body }: Wanted, leavesAfter: number | undefined): Promise<Seen> {
  const leave = new AbortController();
  const headers = {
    authorization: `Bearer ${buyer.key}`,
    'content-type': 'application/json',
    'x-request-timeout': String(TIMEOUT_SECONDS),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  };
  let seen: Seen = {
    call,
    outcome: 'cut',
    status: 0,
    idempotencyKey,
    isReplayed: false,
    isPaid: buyer.isPaid,
    id: undefined,
    bodyHash: undefined,
    completionTokens: undefined,
    mayRetry: true,
  };
  try {
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body, signal: leave.signal });
    const isReplayed = response.headers.get('idempotency-replayed') === 'true';
    seen = { ...seen, status: response.status, isReplayed, id: response.headers.get('x-request-id') ?? undefined };
    const text = await read(response, leavesAfter);
    if (text === undefined) {
      leave.abort();
      return { ...seen, outcome: 'left' };
    }
    if (response.status !== 200) {
      const code = /"code":"(\w+)"/.exec(text)?.[1] ?? '';
      return { ...seen, outcome: 'refused', code, mayRetry: response.status >= 500 || code === 'idempotency_in_progress' };
    }
    const isWhole = stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}');
    if (!isWhole) return seen;
    const told = /"completion_tokens":(\d+)/.exec(text)?.[1];
    return { ...seen, outcome: 'whole', bodyHash: createHash('sha256').update(text).digest('hex'), completionTokens: told === undefined ? undefined : Number(told) };
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    return { ...seen, outcome: code === 'ECONNREFUSED' ? 'unreachable' : 'cut' };
  }
}

/** All of the body; undefined: so many pieces were read, and more was to come. */
async function read(response: Response, leavesAfter: number | undefined): Promise<string | undefined> {
  if (leavesAfter === undefined || response.status !== 200) return response.text();
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let at = 0; ; at++) {
    const piece = await reader?.read();
    if (!piece?.value) return Buffer.concat(chunks).toString();
    chunks.push(piece.value);
    if (at + 1 >= leavesAfter && !Buffer.concat(chunks).toString().endsWith('data: [DONE]\n\n')) return undefined;
  }
}
