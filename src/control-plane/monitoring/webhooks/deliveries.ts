import { backoffMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { newId } from '../../../base/ids.ts';
import { Fault } from '../../../contract/errors.ts';
import type { Db } from '../../../db/open.ts';
import type { Egress, MadeBy } from '../../../egress/egress.ts';
import { signedHeaders } from './signing.ts';
import { type Delivery, type DeliveryQuery, listDeliveries, putDelivery, trimDeliveries } from './store.ts';

export const ATTEMPTS_MAX = 5;
const RETRY_BASE_MS = 2_000;
const RETRY_MAX_MS = 60_000;
const WAITING_MAX = 1_000;
const AT_ONCE_MAX = 4;
const TIMEOUT_MS = 10_000;
const DELIVERIES_KEPT = 10_000;
const TRIM_EVERY = 100;

/** Where a delivery goes, and what it is signed with. */
export interface Receiver {
  readonly url: string;
  readonly madeBy: MadeBy;
  readonly secret: string;
}

export interface DeliveriesOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly egress: Egress;
  /** Looked up at each attempt, so that a changed rule counts at once; undefined: nobody wants it any more. */
  receiver(ruleId: string): Receiver | undefined;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
  /** From 0 to 1; for jitter. */
  readonly random?: () => number;
}

/** Sends webhooks: signed, a few at a time, each tried up to `ATTEMPTS_MAX` times. What was not sent when the server stops goes out at its next start. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #stopped = new AbortController();
  readonly #waiting: Delivery[] = [];
  readonly #retries = new Map<string, () => void>();
  readonly #running = new Set<Promise<void>>();
  #made = 0;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Takes up what a former process left waiting. */
  async load(): Promise<void> {
    const left = await listDeliveries(this.#options.db, { state: 'waiting' }, WAITING_MAX);
    this.#waiting.push(...left.toReversed());
    this.#pump();
  }

  /** Beyond the bound a message is not sent, and listed as failed. */
  async add(message: Pick<Delivery, 'orgId' | 'ruleId' | 'alertId' | 'body'>): Promise<void> {
    const now = this.#options.clock.now();
    const isFull = this.#waiting.length + this.#retries.size >= WAITING_MAX;
    const problem = isFull ? `${WAITING_MAX} messages are waiting already` : '';
    const delivery: Delivery = {
      ...message,
      id: newId('msg', now),
      state: isFull ? 'failed' : 'waiting',
      attempts: 0,
      httpStatus: undefined,
      problem,
      createdAt: now,
      updatedAt: now,
    };
    await putDelivery(this.#options.db, delivery);
    if (++this.#made % TRIM_EVERY === 0) await trimDeliveries(this.#options.db, DELIVERIES_KEPT);
    if (isFull) return;
    this.#waiting.push(delivery);
    this.#pump();
  }

  list(query: DeliveryQuery, rowsMax: number): Promise<Delivery[]> {
    return listDeliveries(this.#options.db, query, rowsMax);
  }

  async close(): Promise<void> {
    this.#stopped.abort(new Error('the server stops'));
    for (const cancel of this.#retries.values()) cancel();
    await Promise.all(this.#running);
  }

  #pump(): void {
    while (this.#running.size < AT_ONCE_MAX && !this.#stopped.signal.aborted) {
      const delivery = this.#waiting.shift();
      if (!delivery) return;
      const running: Promise<void> = this.#attempt(delivery)
        .catch((error: unknown) => this.#options.problem(error))
        .finally(() => {
          this.#running.delete(running);
          this.#pump();
        });
      this.#running.add(running);
    }
  }

  async #attempt(before: Delivery): Promise<void> {
    const outcome = await this.#send(before);
    if (!outcome) return;
    const { httpStatus, problem, isFinal } = outcome;
    const attempts = before.attempts + 1;
    const state = problem === '' ? 'delivered' : isFinal || attempts >= ATTEMPTS_MAX ? 'failed' : 'waiting';
    const delivery: Delivery = { ...before, attempts, httpStatus, problem, state, updatedAt: this.#options.clock.now() };
    if (state === 'waiting') this.#retryLater(delivery);
    await putDelivery(this.#options.db, delivery);
  }

  /** @returns undefined when the server stopped meanwhile */
  async #send({ id, ruleId, body }: Delivery): Promise<{ httpStatus?: number; problem: string; isFinal: boolean } | undefined> {
    const receiver = this.#options.receiver(ruleId);
    if (!receiver) return { problem: 'the rule has no webhook any more', isFinal: true };
    const { url, madeBy, secret } = receiver;
    const headers = { 'content-type': 'application/json', ...signedHeaders(secret, { id, body, nowMs: this.#options.clock.now() }) };
    try {
      const { status } = await this.#options.egress.send({ url, madeBy, method: 'POST', headers, body, timeoutMs: TIMEOUT_MS, answerBytesMax: 0, signal: this.#stopped.signal });
      const isOk = status >= 200 && status < 300;
      // 410: the receiver wants no more (Standard Webhooks).
      return { httpStatus: status, problem: isOk ? '' : `the receiver answered with status ${status}`, isFinal: status === 410 };
    } catch (error) {
      if (this.#stopped.signal.aborted) return undefined;
      if (!(error instanceof Fault)) throw error;
      return { problem: error.message, isFinal: false };
    }
  }

  /** Half of the backoff is certain, half is jitter, so that receivers which fail together are not asked together. */
  #retryLater(delivery: Delivery): void {
    const { clock, random = Math.random } = this.#options;
    const ms = backoffMs(delivery.attempts - 1, RETRY_BASE_MS, RETRY_MAX_MS) * (0.5 + random() / 2);
    const cancel = clock.timer(ms, () => {
      this.#retries.delete(delivery.id);
      this.#waiting.push(delivery);
      this.#pump();
    });
    this.#retries.set(delivery.id, cancel);
  }
}
