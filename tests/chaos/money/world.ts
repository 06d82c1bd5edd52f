import { readdirSync, readFileSync } from 'node:fs';
import { freePort, type ServerProcess, startServer } from '../server-process.ts';
import type { Database } from './database.ts';

/** What a kill can hit. */
export type Victim = 'leader' | 'gateway' | 'engine' | 'database';

export interface WorldOptions {
  readonly home: string;
  readonly database: Database;
  readonly gateways: number;
  readonly key: string;
  readonly model: string;
  readonly truthFile: string;
  /** Numbers in [0, 1), from the run's seed. */
  readonly random: () => number;
}

/** The processes of a run: a server that leads and serves, gateways beside it, and the engines that are the leader's children. */
export class World implements AsyncDisposable {
  readonly #options: WorldOptions;
  readonly #ports: number[];
  readonly #servers: (ServerProcess | undefined)[] = [];
  /** Since the leader's last start. */
  #engineKills = 0;

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

  /** What the seed picks; of what there is. */
  pick(): Victim {
    const { gateways, database, random } = this.#options;
    const victims: Victim[] = ['leader'];
    if (gateways > 1) victims.push('gateway', 'gateway');
    if (this.#engineKills < ENGINE_KILLS_MAX) victims.push('engine');
    if (database.isProcess) victims.push('database');
    return victims[Math.floor(random() * victims.length)] ?? 'leader';
  }

  /** Kills one of them and has it up again. */
  async kill(victim: Victim): Promise<void> {
    const { database, random } = this.#options;
    this.#checkAlive();
    if (victim === 'database') return database.kill();
    if (victim === 'engine') return this.#killEngine();
    if (victim === 'leader') this.#engineKills = 0;
    const n = victim === 'leader' ? 0 : 1 + Math.floor(random() * (this.#ports.length - 1));
    await this.#servers[n]?.kill('SIGKILL');
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
    const { home, key, model, truthFile, database } = this.#options;
    const role = n === 0 ? [] : ['--role', 'gateway', '--name', nameOf(n)];
    const environment = { MODELYARD_ECHO_TRUTH: truthFile, MODELYARD_LOG_LEVEL: 'warn', ...(database.isProcess && { DATABASE_URL: database.target }) };
    this.#servers[n] = await startServer(home, this.#ports[n] ?? 0, key, { model, role, environment });
  }

  /** One of the leader's children; it starts another by itself. */
  #killEngine(): void {
    const leader = this.#servers[0]?.child.pid;
    const engines = leader === undefined ? [] : childrenOf(leader).filter((pid) => commandOf(pid).includes('engines/main.ts'));
    const engine = engines[Math.floor(this.#options.random() * engines.length)];
    if (engine === undefined) return;
    process.kill(engine, 'SIGKILL');
    this.#engineKills++;
  }
}

const OUTPUT_SHOWN = 3_000;
/** An engine that ends again and again rests longer each time (S17): then there would be no traffic to disturb. */
const ENGINE_KILLS_MAX = 2;

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
