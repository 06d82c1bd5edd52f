import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Fault } from '../contract/errors.ts';

/** Beyond the most that are served, so many connections are still accepted to be told so, and for probes. What comes beyond is closed at once. */
const REFUSED_CONNECTIONS_MAX = 32;
const RETRY_AFTER_SECONDS = 1;

/** How many connections are served at once: each costs a file descriptor, and its call one more. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #beyond = new WeakSet<Socket>();
  #open = 0;

  constructor(max: number) {
    this.#max = max;
  }

  watch(server: Server): void {
    server.maxConnections = this.#max + REFUSED_CONNECTIONS_MAX;
    server.on('connection', (socket: Socket) => {
      if (++this.#open > this.#max) this.#beyond.add(socket);
      socket.once('close', () => this.#open--);
    });
  }

  /** Why a connection's request is not served, unless it is a probe; undefined: it is. */
  refuse(socket: Socket): Fault | undefined {
    if (!this.#beyond.has(socket)) return undefined;
    return new Fault('unavailable', 'too_many_connections', `The server serves ${this.#max} connections at once, and has as many; try again shortly.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}
