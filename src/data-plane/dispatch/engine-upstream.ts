import type { NetConnectOpts } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { ENGINE_HEADER } from '../../contract/engine-wire.ts';
import type { OwnAddress } from '../../contract/feeds.ts';
import { EngineConnection } from './engine-connection.ts';
import type { Upstream, UpstreamControl, UpstreamListener, UpstreamRequest } from './upstream.ts';

/** After a cancel the engine has this long to end the call with its usage; then the connection is closed. */
const CANCEL_GRACE_MS = 1_000;
/** An engine that can't stop a call says so; what it computes is paid for, so its answer is read to its usage, for so long at most (M13). */
const CANNOT_STOP = 501;
const DRAIN_MS_MAX = 600_000;
const NOTHING = Buffer.alloc(0);

/** An engine closes a connection that nobody has used for a minute; one that may just be closing is not taken. */
const IDLE_MS_MAX = 50_000;

interface Idle {
  readonly connection: EngineConnection;
  readonly since: number;
}

/** The connections to one of our own engines: one per call that runs, the last one used first. */
export class EngineUpstream implements Upstream {
  readonly foreign = undefined;
  readonly #to: NetConnectOpts;
  readonly #clock: Clock;
  readonly #connections = new Set<EngineConnection>();
  readonly #idle: Idle[] = [];
  readonly #token: readonly string[];
  #closing: (() => void) | undefined;

  constructor(address: OwnAddress, clock: Clock) {
    this.#to = 'socket' in address ? { path: address.socket } : { host: address.host, port: address.port };
    this.#clock = clock;
    this.#token = 'token' in address ? [ENGINE_HEADER.token, address.token] : [];
  }

  send(request: UpstreamRequest, listener: UpstreamListener): void {
    for (const part of this.#token) request.headers.push(part);
    (this.#take() ?? this.#open()).send('POST', request, listener);
  }

  /** The call still ends, with its usage. Where it doesn't within the grace, its connection is closed. */
  stop(requestId: string, control: () => UpstreamControl | undefined): () => void {
    const clock = this.#clock;
    const giveUp = () => control()?.abort(new Error('the call was given up'));
    let calledOff = false;
    let cancel = clock.timer(CANCEL_GRACE_MS, giveUp);
    const told = (status: number) => {
      if (status !== CANNOT_STOP || calledOff) return;
      cancel();
      cancel = clock.timer(DRAIN_MS_MAX, giveUp);
    };
    const ignore = () => undefined;
    // An engine that is gone needs no asking.
    this.send({ path: `/cancel/${requestId}`, headers: [], body: NOTHING }, { begun: ignore, head: told, data: ignore, ended: ignore });
    return () => {
      calledOff = true;
      cancel();
    };
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing = resolve;
    for (const { connection } of this.#idle.splice(0)) connection.close();
    if (this.#connections.size > 0) await promise;
  }

  /** An idle connection that is still good. */
  #take(): EngineConnection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.connection.open && this.#clock.monotonic() - idle.since < IDLE_MS_MAX) return idle.connection;
      idle.connection.close();
    }
    return undefined;
  }

  #open(): EngineConnection {
    const free = (connection: EngineConnection) => {
      if (this.#closing) connection.close();
      else this.#idle.push({ connection, since: this.#clock.monotonic() });
    };
    const gone = (connection: EngineConnection) => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#closing?.();
    };
    const connection = new EngineConnection(this.#to, { free, gone });
    this.#connections.add(connection);
    return connection;
  }
}
