import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { ENGINE_HEADER } from '../../contract/engine-wire.ts';
import type { AnswerHeaders } from '../call.ts';
import type { EngineAddress, ReplicaRoute } from '../../contract/feeds.ts';

/** After a cancel the engine has this long to end the call with its usage; then the connection is closed. */
const CANCEL_GRACE_MS = 1_000;
/** An engine that can't stop a call says so; what it computes is paid for, so its answer is read to its usage, for so long at most (M13). */
const CANNOT_STOP = 501;
const DRAIN_MS_MAX = 600_000;

export interface UpstreamRequest {
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** What happens to a request, in order: its start, one head, any number of chunks, then `ended` once. */
export interface UpstreamListener {
  begun(control: UpstreamControl): void;
  head(status: number, headers: AnswerHeaders): void;
  data(chunk: Buffer, control: UpstreamControl): void;
  /** With an error: the connection failed, or ended early. */
  ended(error?: Error): void;
}

export type UpstreamControl = Dispatcher.DispatchController;

/** The connections to one replica's engine: one per call that runs, the last one used first. undici's `dispatch`, never `fetch`: a ninth of the CPU per call. */
export class Upstream {
  readonly #origin: string;
  readonly #options: Client.Options;
  readonly #clients = new Set<Client>();
  readonly #idle: Client[] = [];
  /** For cancels: must get through while the connections for calls are closing. */
  readonly #orders: Client;
  readonly #token: readonly string[];

  constructor({ address }: Pick<ReplicaRoute, 'address'>) {
    this.#options = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, ...('socket' in address && { socketPath: address.socket }) };
    this.#origin = originOf(address);
    this.#orders = new Client(this.#origin, this.#options);
    this.#token = 'token' in address ? [ENGINE_HEADER.token, address.token] : [];
  }

  /** Sends one POST. */
  send({ path, headers, body }: UpstreamRequest, listener: UpstreamListener): void {
    const client = this.#idle.pop() ?? this.#open();
    for (const part of this.#token) headers.push(part);
    client.dispatch({ path, method: 'POST', headers, body }, new Hop(client, this.#idle, listener));
  }

  /** Asks the engine to stop a call; it still ends, with its usage. Where it doesn't within the grace, its connection is closed. Returns how to call that off. */
  stop(requestId: string, clock: Clock, control: () => UpstreamControl | undefined): () => void {
    const order = { path: `/cancel/${requestId}`, method: 'POST' as const, headers: [...this.#token] };
    const ignore = () => undefined;
    const giveUp = () => control()?.abort(new Error('the call was given up'));
    let calledOff = false;
    let cancel = clock.timer(CANCEL_GRACE_MS, giveUp);
    const told = (_control: UpstreamControl, status: number) => {
      if (status !== CANNOT_STOP || calledOff) return;
      cancel();
      cancel = clock.timer(DRAIN_MS_MAX, giveUp);
    };
    // An engine that is gone needs no asking.
    this.#orders.dispatch(order, { onRequestStart: ignore, onResponseStart: told, onResponseData: ignore, onResponseEnd: ignore, onResponseError: ignore });
    return () => {
      calledOff = true;
      cancel();
    };
  }

  /** Lets running calls finish. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.close()));
    await this.#orders.close();
  }

  #open(): Client {
    const client = new Client(this.#origin, this.#options);
    this.#clients.add(client);
    return client;
  }
}

/** One request on one connection, as undici wants to be told of it. */
class Hop implements Dispatcher.DispatchHandler {
  readonly #client: Client;
  readonly #idle: Client[];
  readonly #listener: UpstreamListener;

  constructor(client: Client, idle: Client[], listener: UpstreamListener) {
    this.#client = client;
    this.#idle = idle;
    this.#listener = listener;
  }

  onRequestStart(control: UpstreamControl): void {
    this.#listener.begun(control);
  }

  onResponseStart(_control: UpstreamControl, status: number, headers: AnswerHeaders): void {
    this.#listener.head(status, headers);
  }

  onResponseData(control: UpstreamControl, chunk: Buffer): void {
    this.#listener.data(chunk, control);
  }

  onResponseEnd(): void {
    this.#idle.push(this.#client);
    this.#listener.ended();
  }

  onResponseError(_control: UpstreamControl, error: Error): void {
    this.#idle.push(this.#client);
    this.#listener.ended(error);
  }
}

function originOf(address: EngineAddress): string {
  return 'socket' in address ? 'http://engine' : `http://${address.host}:${address.port}`;
}
