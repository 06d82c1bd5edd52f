import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher } from 'undici';
import type { ForeignAddress } from '../../contract/feeds.ts';
import type { AnswerHeaders } from '../call.ts';
import type { ForeignServers } from '../ports.ts';
import type { Upstream, UpstreamControl, UpstreamListener, UpstreamRequest } from './upstream.ts';

/** What an answer's head may have. */
const HEAD_BYTES_MAX = 32_768;

/** The connections to a server that is not ours: undici's, each made by who has checked where it leads. The credential goes to that origin and nowhere else; no redirect is followed. */
export class ForeignUpstream implements Upstream {
  readonly foreign: ForeignAddress;
  readonly #origin: string;
  /** What its address has in front of every path; '' where that is nothing. */
  readonly #base: string;
  readonly #servers: ForeignServers;
  readonly #clients = new Set<Client>();
  readonly #idle: Client[] = [];

  constructor(address: ForeignAddress, servers: ForeignServers) {
    const { origin, pathname } = new URL(address.url);
    this.foreign = address;
    this.#origin = origin;
    this.#base = pathname === '/' ? '' : pathname;
    this.#servers = servers;
  }

  send({ path, headers, body }: UpstreamRequest, listener: UpstreamListener): void {
    let credential: string | undefined;
    try {
      credential = this.#servers.credential(this.foreign);
    } catch (error) {
      return listener.ended(error as Error);
    }
    const client = this.#idle.pop() ?? this.#open();
    if (credential !== undefined) headers.push('authorization', `Bearer ${credential}`);
    client.dispatch({ path: this.#base + path, method: 'POST', headers, body: Buffer.isBuffer(body) ? body : Buffer.concat(body) }, new Hop(client, this.#idle, listener));
  }

  /** No standard has an order to stop a call: the connection is closed, and that is understood. What was computed is estimated by what has come (M13). */
  stop(_requestId: string, control: () => UpstreamControl | undefined): () => void {
    control()?.abort(new Error('the call was given up'));
    return () => undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.close()));
  }

  async #connect(callback: buildConnector.Callback): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.#servers.connect(this.foreign);
    } catch (error) {
      // Why there is none, with its name and address, is for the log and not for who calls (X35).
      return callback(new Error('no connection', { cause: error }), null);
    }
    callback(null, socket);
  }

  #open(): Client {
    const client = new Client(this.#origin, {
      connect: (_options, callback) => void this.#connect(callback),
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEAD_BYTES_MAX,
    });
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

  onRequestStart(control: Dispatcher.DispatchController): void {
    this.#listener.begun(control);
  }

  onResponseStart(_control: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    // Interim answers say nothing of the call.
    if (status >= 200) this.#listener.head(status, headers);
  }

  onResponseData(control: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#listener.data(chunk, control);
  }

  onResponseEnd(): void {
    this.#idle.push(this.#client);
    this.#listener.ended();
  }

  onResponseError(_control: Dispatcher.DispatchController, error: Error): void {
    this.#idle.push(this.#client);
    this.#listener.ended(error);
  }
}
