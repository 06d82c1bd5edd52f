import { type Dispatcher, Pool } from 'undici';
import { ENGINE_HEADER } from '../../contract/engine-wire.ts';
import type { EngineAddress, ReplicaRoute } from '../../contract/feeds.ts';

/** A connection beyond the slots, so that a call that follows another at once need not wait. */
const SPARE_CONNECTIONS = 1;

export interface UpstreamRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What happens to a request, in order: one head, any number of chunks, then the promise of `send` settles. */
export interface UpstreamListener {
  head(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  /** Returns false to be paused until `resume` of the control is called. */
  data(chunk: Buffer): boolean;
}

export interface UpstreamControl {
  resume(): void;
  /** Closes the connection; the promise of `send` rejects. */
  abort(): void;
}

/** The connections to one replica's engine. undici's `dispatch`, never `fetch`: a ninth of the CPU per call. */
export class Upstream {
  readonly #pool: Pool;
  /** For cancels: must get through while all slots are busy, and while the pool of calls is closing. */
  readonly #orders: Pool;
  readonly #token: Readonly<Record<string, string>>;

  constructor({ address, slots }: ReplicaRoute) {
    const options = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, ...('socket' in address && { socketPath: address.socket }) };
    this.#pool = new Pool(origin(address), { ...options, connections: slots + SPARE_CONNECTIONS });
    this.#orders = new Pool(origin(address), { ...options, connections: 1 });
    this.#token = 'token' in address ? { [ENGINE_HEADER.token]: address.token } : {};
  }

  /** Sends one POST. Rejects when the connection fails or ends early. */
  send(request: UpstreamRequest, listener: UpstreamListener, control: (control: UpstreamControl) => void): Promise<void> {
    const finished = Promise.withResolvers<void>();
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller) =>
        control({
          resume: () => controller.resume(),
          abort: () => controller.abort(new Error('the call was given up')),
        }),
      onResponseStart: (_controller, status, headers) => listener.head(status, headers),
      onResponseData: (controller, chunk) => {
        if (!listener.data(chunk)) controller.pause();
      },
      onResponseEnd: () => finished.resolve(),
      onResponseError: (_controller, error) => finished.reject(error),
    };
    const { path, body } = request;
    this.#pool.dispatch({ path, method: 'POST', body, headers: { ...request.headers, ...this.#token } }, handler);
    return finished.promise;
  }

  /** Asks the engine to stop a call; it still ends with its usage. An engine that is gone needs no asking. */
  cancel(requestId: string): Promise<void> {
    const answered = Promise.withResolvers<void>();
    const done = () => answered.resolve();
    const order = { path: `/cancel/${requestId}`, method: 'POST' as const, headers: this.#token };
    this.#orders.dispatch(order, {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: done,
      onResponseError: done,
    });
    return answered.promise;
  }

  /** Lets running calls finish. */
  async close(): Promise<void> {
    await this.#pool.close();
    await this.#orders.close();
  }
}

function origin(address: EngineAddress): string {
  return 'socket' in address ? 'http://engine' : `http://${address.host}:${address.port}`;
}
