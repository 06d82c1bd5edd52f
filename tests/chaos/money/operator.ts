import type { Receipt } from './evidence.ts';

export interface OperatorOptions {
  readonly url: string;
  readonly key: string;
  /** The organisation that is topped up. */
  readonly poor: string;
  /** Ids of calls that were charged for. */
  readonly paid: readonly string[];
  readonly random: () => number;
}

const EVERY_MS = 300;
const TRIES_MAX = 100;
const RETRY_MS = 100;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tops up and refunds while calls go on; each order is sent until it is answered, sometimes twice, under one id. */
export class Operator {
  readonly #options: OperatorOptions;
  #done: Promise<void> = Promise.resolve();
  #stopping = false;
  topUps = 0;
  refunds = 0;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run();
    // Told by `stop`: an error that nobody waits for would end the run with its servers left behind.
    this.#done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    const { random, poor, paid } = this.#options;
    for (let n = 0; !this.#stopping; n++) {
      await pause(EVERY_MS);
      const isTwice = random() < 0.3;
      const topUp = { id: `top-up-${n}`, org: poor, amount: (0.0002 + random() * 0.002).toFixed(6) };
      if (await this.#order('/api/v1/credits', topUp, isTwice)) this.topUps++;
      const charge = paid[Math.floor(random() * paid.length)];
      if (charge === undefined || random() < 0.5) continue;
      const refund = { id: `refund-${n}`, charge, percent: 1 + Math.floor(random() * 60), reason: 'chaos' };
      if (await this.#order('/api/v1/refunds', refund, isTwice)) this.refunds++;
    }
  }

  /** Whether it was carried out; a refusal is an answer too. */
  async #order(path: string, body: unknown, isTwice: boolean): Promise<boolean> {
    const first = await request(this.#options, path, body);
    if (isTwice && first !== undefined) await request(this.#options, path, body);
    return first !== undefined;
  }

  /** The receipts of calls, once all is posted. */
  async receipts(ids: readonly string[]): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (const id of ids) {
      const answer = (await request(this.#options, `/api/v1/receipts/${id}`)) as { receipt?: WrittenReceipt } | undefined;
      if (!answer?.receipt) throw new Error(`there is no receipt of ${id}`);
      const { total, chain } = answer.receipt;
      receipts.push({ id, total: microsOf(total), seq: chain?.seq, hash: chain?.hash });
    }
    return receipts;
  }
}

interface WrittenReceipt {
  readonly total: string;
  readonly chain: { readonly seq: number; readonly hash: string } | null;
}

function microsOf(decimal: string): bigint {
  const [whole = '0', part = ''] = decimal.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(part.padEnd(6, '0'));
}

/** Until it is answered: servers come and go. Undefined: it was refused. */
async function request({ url, key }: OperatorOptions, path: string, body?: unknown): Promise<unknown> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const response = await fetch(url + path, { headers, ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }) });
      const text = await response.text();
      if (response.ok) return text === '' ? {} : JSON.parse(text);
      if (response.status < 500 && !text.includes('receipt_pending')) return undefined;
    } catch {
      // Nobody is there just now.
    }
    await pause(RETRY_MS);
  }
  throw new Error(`${path} was not answered`);
}
