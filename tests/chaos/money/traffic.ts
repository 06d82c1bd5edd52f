import { appendFileSync } from 'node:fs';
import { attempt, type Buyer, type Seen, type Wanted } from './exchange.ts';

export interface TrafficOptions {
  readonly urls: readonly string[];
  readonly buyers: readonly Buyer[];
  /** Where clients write what they saw, one attempt a line. */
  readonly file: string;
  readonly random: () => number;
}

/** A call that is tried until it is answered, or there is no use. */
interface Tried extends Wanted {
  /** Leaves after so many pieces of the first attempt's stream. */
  readonly leavesAfter: number | undefined;
}

const TRIES_MAX = 12;
const PAUSE_MS = 60;
const WORDS_MAX = 30;
const ROWS_MAX = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Clients that call without end, each one call after the other, until told to stop: streams and whole answers, vectors and tensors, some that leave, some with a key that is sent again. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #clients: Promise<void>[] = [];
  #stopping = false;
  #inFlight = 0;
  /** Answers that came whole and have a price, for refunds and receipts. */
  readonly paid: string[] = [];
  /** Whole answers, by kind of call. */
  readonly answers: Record<Buyer['kind'], number> = { chat: 0, embeddings: 0, tensor: 0 };
  /** Refusals, by code. */
  readonly refusals = new Map<string, number>();

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

  #next(call: string): Tried {
    const { random, buyers } = this.#options;
    const buyer = buyers[Math.floor(random() * buyers.length)];
    if (!buyer) throw new Error('nobody calls');
    const stream = buyer.kind === 'chat' && random() < 0.6;
    return {
      call,
      buyer,
      stream,
      idempotencyKey: random() < 0.5 ? `key-${call}` : undefined,
      leavesAfter: stream && random() < 0.15 ? 1 + Math.floor(random() * 6) : undefined,
      body: JSON.stringify(bodyOf(buyer, { call, stream, random })),
    };
  }

  async #see(wanted: Tried): Promise<void> {
    const { random } = this.#options;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const seen = await this.#attempt(wanted, tries === 0 ? wanted.leavesAfter : undefined);
      if (seen.outcome === 'left' && wanted.idempotencyKey === undefined) return;
      const isAnswered = seen.outcome === 'whole';
      const isFinal = seen.outcome === 'refused' && !seen.mayRetry;
      if (isAnswered && wanted.idempotencyKey !== undefined && random() < 0.4) await this.#attempt(wanted, undefined);
      if (isAnswered) return;
      await pause(PAUSE_MS);
      if (isFinal) return;
    }
  }

  async #attempt(wanted: Tried, leavesAfter: number | undefined): Promise<Seen> {
    this.#inFlight++;
    try {
      const { urls, random, file } = this.#options;
      const url = urls[Math.floor(random() * urls.length)] ?? '';
      const seen = await attempt(url, wanted, { leavesAfter });
      const { mayRetry: _, ...line } = seen;
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      this.#count(seen, wanted.buyer);
      return seen;
    } finally {
      this.#inFlight--;
    }
  }

  #count({ outcome, code = '', id, isReplayed }: Seen, { kind, isPaid }: Buyer): void {
    if (outcome === 'refused') this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    if (outcome !== 'whole') return;
    this.answers[kind]++;
    if (isPaid && id !== undefined && !isReplayed) this.paid.push(id);
  }
}

interface Saying {
  readonly call: string;
  readonly stream: boolean;
  readonly random: () => number;
}

/** The first word that an engine is told is the call's name. */
function bodyOf({ model, kind }: Buyer, { call, stream, random }: Saying): unknown {
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const words = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(' ');
  if (kind === 'tensor') {
    const rows = upTo(ROWS_MAX);
    return { inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data: Array.from({ length: rows * 2 }, (_, at) => at) }] };
  }
  if (kind === 'embeddings') return { model, input: [`${call} ${words(upTo(WORDS_MAX))}`, ...Array.from({ length: upTo(3) - 1 }, () => words(upTo(WORDS_MAX)))] };
  const content = `${call} ${words(upTo(WORDS_MAX))} [[delay-ms:${Math.floor(random() * 8)}]]`;
  return { model, messages: [{ role: 'user', content }], max_tokens: 200, ...(stream && { stream, stream_options: { include_usage: true } }) };
}
