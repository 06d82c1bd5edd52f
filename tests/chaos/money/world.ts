import { readdirSync, readFileSync } from 'node:fs';
import { freePort } from '../../../src/base/free-port.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import type { Database } from './database.ts';

/** What a kill can hit. */
export type Victim = 'leader' | 'gateway' | 'engine' | 'database';

export interface WorldOptions {
  readonly home: string;
  readonly database: Database;
  readonly gateways: number;
  readonly key: string;
  readonly models: readonly string[];
  readonly truthFile: string;
  /** Numbers in [0, 1), from the run's seed. */
  readonly random: () => number;
  /** Called when a server was killed, before it is started again. */
  whileDown(name: string): Promise<void>;
}

/** The processes of a run: a server that leads and serves, gateways beside it, and the engines that are the leader's children. */
export class World implements AsyncDisposable {
  readonly #options: WorldOptions;
  readonly #ports: number[];
  readonly #servers: (ServerProcess | undefined)[] = [];
  readonly kills: Record<Victim, number> = { leader: 0, gateway: 0, engine: 0, database: 0 };
  /** The victims that are still to come before all kinds do again. An engine that ends again and again rests longer each time (S17): the leader's kills are between. */
  readonly #next: Victim[] = [];

  private constructor(options: WorldOptions, ports: number[]) {
    this.#options = options;
    this.#ports = ports;
  }

  static async start(options: WorldOptions): Promise<World> {
    const ports: number[] = [];
    for (let n = 0; n < options.gateways; n++) ports.push(await freePort());
    const world = new World(options, ports);
    try {
      for (let n = 0; n < options.gateways; n++) await world.#start(n);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get urls(): readonly string[] {
    return this.#ports.map((port) => `http://127.0.0.1:${port}`);
  }

  /** What the seed picks, of what there is: each kind comes before one comes again, gateways twice as often. */
  pick(): Victim {
    const { gateways, database, random } = this.#options;
    if (this.#next.length === 0) {
      this.#next.push('leader', 'engine');
      if (gateways > 1) this.#next.push('gateway', 'gateway');
      if (database.isProcess) this.#next.push('database');
    }
    return this.#next.splice(Math.floor(random() * this.#next.length), 1)[0] ?? 'leader';
  }

  /** Kills one of them and has it up again. Returns which: the leader, where there is no engine just now. */
  async kill(wanted: Victim): Promise<Victim> {
    this.#checkAlive();
    const victim = wanted === 'engine' && !this.#killEngine() ? 'leader' : wanted;
    this.kills[victim]++;
    if (victim === 'database') await this.#options.database.kill();
    if (victim === 'leader') await this.#killServer(0);
    if (victim === 'gateway') await this.#killServer(1 + Math.floor(this.#options.random() * (this.#ports.length - 1)));
    return victim;
  }

  async #killServer(n: number): Promise<void> {
    await this.#servers[n]?.kill('SIGKILL');
    await this.#options.whileDown(nameOf(n));
    await this.#start(n);
  }

  /** @throws Error when one has ended that nobody has killed */
  #checkAlive(): void {
    for (const [n, server] of this.#servers.entries())
      if (server && isOver(server))
        throw new Error(`${nameOf(n)} has ended by itself: ${server.child.exitCode ?? server.child.signalCode}\n${server.output().slice(-OUTPUT_SHOWN)}`);
  }

  /** Ends all in good order: gateways first. Returns who did not end with 0. */
  async stop(): Promise<string[]> {
    this.#checkAlive();
    const badly: string[] = [];
    for (const [n, server] of [...this.#servers.entries()].toReversed()) {
      const code = await server?.kill('SIGTERM');
      if (code !== 0) badly.push(`${nameOf(n)} ended with ${code}`);
    }
    return badly;
  }

  /** Whoever still runs ends at once: something went wrong. */
  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#servers.flatMap((server) => (server && !isOver(server) ? [server] : []));
    await Promise.all(running.map((server) => server.kill('SIGKILL')));
  }

  async #start(n: number): Promise<void> {
    const { home, key, models, truthFile, database } = this.#options;
    const role = n === 0 ? [] : ['--role', 'gateway', '--name', nameOf(n)];
    const environment = { MODELYARD_ECHO_TRUTH: truthFile, MODELYARD_LOG_LEVEL: 'warn', ...(database.isProcess && { DATABASE_URL: database.target }) };
    this.#servers[n] = await startServer(home, this.#ports[n] ?? 0, key, { models, role, environment });
  }

  /** One of the leader's children; it starts another by itself. Returns whether there was one. */
  #killEngine(): boolean {
    const leader = this.#servers[0]?.child.pid;
    const engines = leader === undefined ? [] : childrenOf(leader).filter((pid) => commandOf(pid).includes('engines/main.ts'));
    const engine = engines[Math.floor(this.#options.random() * engines.length)];
    if (engine === undefined) return false;
    process.kill(engine, 'SIGKILL');
    return true;
  }
}

const OUTPUT_SHOWN = 3_000;

function isOver({ child }: ServerProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function nameOf(n: number): string {
  return n === 0 ? 'main' : `gateway-${n}`;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
