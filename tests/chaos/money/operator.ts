import { decimalOf } from './arithmetic.ts';
import type { Receipt } from './evidence.ts';
import { type Asked, request } from './request.ts';

export interface OperatorOptions {
  readonly url: string;
  readonly key: string;
  /** The organisation that is topped up. */
  readonly poor: string;
  /** Budgets whose limits are raised. */
  readonly budgets: readonly { readonly id: string; readonly limit: bigint }[];
  /** Ids of calls that were charged for. */
  readonly paid: readonly string[];
  readonly random: () => number;
}

const EVERY_MS = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tops up, raises budgets and refunds while calls go on; each order is sent until it is answered, sometimes twice, under one id. */
export class Operator {
  readonly #options: OperatorOptions;
  #done: Promise<void> = Promise.resolve();
  #stopping = false;
  topUps = 0;
  raises = 0;
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
    const { random, poor, paid, budgets } = this.#options;
    const limits = new Map(budgets.map(({ id, limit }) => [id, limit]));
    for (let n = 0; !this.#stopping; n++) {
      await pause(EVERY_MS);
      const isTwice = random() < 0.3;
      const topUp = { id: `top-up-${n}`, org: poor, amount: (0.0002 + random() * 0.002).toFixed(6) };
      if (await this.#order('/api/v1/credits', topUp, isTwice)) this.topUps++;
      for (const [id, limit] of random() < 0.5 ? limits : []) {
        const raised = limit + BigInt(Math.floor(random() * 600));
        limits.set(id, raised);
        if (await this.#order(`/api/v1/budgets/${id}`, { limit: decimalOf(raised) }, isTwice, 'PATCH')) this.raises++;
      }
      const charge = paid[Math.floor(random() * paid.length)];
      if (charge === undefined || random() < 0.5) continue;
      const refund = { id: `refund-${n}`, charge, percent: 1 + Math.floor(random() * 60), reason: 'chaos' };
      if (await this.#order('/api/v1/refunds', refund, isTwice)) this.refunds++;
    }
  }

  /** Whether it was carried out; a refusal is an answer too. */
  async #order(path: string, body: unknown, isTwice: boolean, method = 'POST'): Promise<boolean> {
    const first = await this.#ask(path, { method, body });
    if (isTwice && first !== undefined) await this.#ask(path, { method, body });
    return first !== undefined;
  }

  #ask(path: string, asked: Asked = {}): Promise<unknown> {
    return request(this.#options.url + path, this.#options.key, asked);
  }

  /** The receipts of calls, once all is posted. */
  async receipts(ids: readonly string[]): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (const id of ids) {
      const receipt = (await this.#ask(`/api/v1/receipts/${id}`)) as Receipt | undefined;
      if (!receipt) throw new Error(`there is no receipt of ${id}`);
      receipts.push(receipt);
    }
    return receipts;
  }

  /** What receipts are signed by, PEM. */
  async receiptKey(): Promise<string> {
    const { publicKey } = (await this.#ask('/api/v1/receipts/key')) as { readonly publicKey: string };
    return publicKey;
  }
}
