import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import type { Db } from '../../db/open.ts';
import { badUrl, upstreamInUse, upstreamNotFound } from './errors.ts';
import { baseOf, hintOf, type Upstream } from './model.ts';
import type { UpstreamPorts } from './ports.ts';
import * as store from './store.ts';

export interface UpstreamOrder {
  readonly name: string;
  readonly url: string;
  readonly dialect: Upstream['dialect'];
  readonly slots: number;
  readonly binary: boolean;
  /** In plain text; undefined: the server wants none. */
  readonly credential: string | undefined;
}

/** Servers of other people, few enough to be held in memory. */
export class Upstreams {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #ports: UpstreamPorts;
  readonly #turns = new Mutex();
  #all: ReadonlyMap<string, Upstream> = new Map();

  constructor(db: Db, clock: Clock, ports: UpstreamPorts) {
    this.#db = db;
    this.#clock = clock;
    this.#ports = ports;
  }

  /** Reads the table; at the start, and after each change. */
  async load(): Promise<void> {
    this.#all = new Map((await store.list(this.#db)).map((upstream) => [upstream.name, upstream]));
  }

  list(): Upstream[] {
    return [...this.#all.values()];
  }

  find(name: string): Upstream | undefined {
    return this.#all.get(name);
  }

  /** Names a server, or names one anew: what is not given is then as for a new one, the credential too. @throws Fault when nothing may be sent there */
  set({ credential, ...order }: UpstreamOrder): Promise<Upstream> {
    return this.#turns.run(async () => {
      const parsed = URL.parse(order.url);
      if (!parsed || parsed.search !== '' || parsed.hash !== '') throw badUrl();
      await this.#ports.check(order.url);
      const url = baseOf(parsed);
      const sealed = credential === undefined ? undefined : this.#ports.seal(credential, url);
      const upstream: Upstream = { ...order, url, sealed, hint: hintOf(credential), createdAt: this.find(order.name)?.createdAt ?? this.#clock.now() };
      await store.put(this.#db, upstream);
      await this.load();
      return upstream;
    });
  }

  /** @throws Fault when there is none of that name, or a deployment is served by it */
  remove(name: string): Promise<void> {
    return this.#turns.run(async () => {
      if (!this.find(name)) throw upstreamNotFound(name);
      const deployment = this.#ports.usedBy(name);
      if (deployment !== undefined) throw upstreamInUse(name, deployment);
      await store.remove(this.#db, name);
      await this.load();
    });
  }
}
