import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { freePort } from '../../base/free-port.ts';
import { Fault } from '../../contract/errors.ts';
import { type ForeignAddress } from '../../contract/feeds.ts';
import { openVerified } from '../../model-files/verified.ts';
import type { ExitInfo, Launched, Launcher, LaunchOrder } from '../ports.ts';
import { childEnvironment, watchChild, type WatchedChild, watchLife } from './child.ts';
import { asksToken, type CommandTemplate, type EnginesSection, fill, type Filling, HEALTH_PATH } from './command-template.ts';
import { LogBuffer } from './log-buffer.ts';
import { processUsage } from './process-usage.ts';

const HOST = '127.0.0.1';
const HEALTH_EVERY_MS = 100;
const HEALTH_TIMEOUT_MS = 5_000;
const LOAD_SECONDS_DEFAULT = 600;
const SLOTS_DEFAULT = 1;
const TOKEN_BYTES = 24;
/** Ends a child when we are gone, however we went (util-linux; Linux only). */
const WITH_PARENT = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] as const;

export interface CommandLauncherOptions {
  readonly clock: Clock;
  readonly logFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly templates: EnginesSection;
  /** Seals a replica's secret for its origin, as it travels to gateways. */
  seal(secret: string, url: string): string;
}

/** Other people's servers as child processes, by the operator's templates, on loopback ports. Each is given a secret of its own to ask for, where its template has a place for one. */
export function createCommandLauncher(options: CommandLauncherOptions): Launcher {
  const logs = new Map<string, LogBuffer>();
  const running = new Set<CommandReplica>();
  return {
    launch(order) {
      const buffer = logs.get(order.deployment) ?? new LogBuffer(options.logFolder, order.deployment);
      logs.set(order.deployment, buffer);
      const replica = new CommandReplica(order, buffer, options);
      running.add(replica);
      void replica.exited.then(() => running.delete(replica));
      return replica;
    },
    logs: (deployment, linesMax) => logs.get(deployment)?.tail(linesMax) ?? [],
    close: async () => void (await Promise.all([...running].map((replica) => replica.stop(0)))),
  };
}

class CommandReplica implements Launched {
  readonly ready: Promise<{ readonly slots: number }>;
  readonly exited: Promise<ExitInfo>;
  readonly #order: LaunchOrder;
  readonly #options: CommandLauncherOptions;
  readonly #buffer: LogBuffer;
  readonly #exited = Promise.withResolvers<ExitInfo>();
  #address: ForeignAddress = { url: `http://${HOST}`, isOurs: true, model: '' };
  #child: ChildProcess | undefined;
  #watched: WatchedChild | undefined;
  #stopped = false;

  constructor(order: LaunchOrder, buffer: LogBuffer, options: CommandLauncherOptions) {
    this.#order = order;
    this.#buffer = buffer;
    this.#options = options;
    this.exited = this.#exited.promise;
    this.ready = this.#start();
  }

  get address(): ForeignAddress {
    return this.#address;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  usage(): ReturnType<typeof processUsage> {
    return processUsage(this.#child?.pid);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#watched) await this.#watched.stop(graceMs);
    else this.#exited.resolve({ reason: 'it was stopped before it had begun' });
    await this.exited;
  }

  /** @throws Fault, after which `exited` says the same */
  async #start(): Promise<{ readonly slots: number }> {
    let folder: string | undefined;
    try {
      const template = this.#template();
      const { files, manifest } = this.#order.engine;
      for (const { path, digest } of manifest.files) await verify(files[path] ?? '', digest);
      folder = await folderOf(files);
      const secret = randomBytes(TOKEN_BYTES).toString('hex');
      const port = await freePort();
      const filling: Filling = {
        host: HOST,
        port: String(port),
        file: Object.values(files)[0] ?? '',
        folder,
        token: secret,
        threads: String(this.#order.engine.threads),
        model: String(manifest.engineOptions['model'] ?? this.#order.deployment),
      };
      if (this.#stopped) throw new Fault('cancelled', 'stopped', 'It was stopped before it had begun.');
      this.#run(template, filling);
      const slots = await this.#becomesReady(template, filling);
      this.#watchLife(template, filling);
      return { slots };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#watched) {
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
        this.#exited.resolve({ reason });
      }
      throw error;
    }
  }

  #template(): CommandTemplate {
    const name = String(this.#order.engine.manifest.engineOptions['template']);
    const template = this.#options.templates[name];
    if (!template) throw new Fault('conflict', 'no_such_template', `The operator's file has no engine "${name}" any more.`);
    return template;
  }

  #run(template: CommandTemplate, filling: Filling): void {
    const { environment, clock, seal } = this.#options;
    const own = Object.fromEntries(Object.entries(template.environment ?? {}).map(([name, value]) => [name, fill([value], filling)[0] ?? '']));
    const command = [...(existsSync(WITH_PARENT[0]) ? WITH_PARENT : []), ...fill(template.command, filling)];
    const [program = '', ...rest] = command;
    // A group of its own: what it starts ends with it.
    const child = spawn(program, rest, { env: { ...childEnvironment(environment), ...own }, stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: filling.folder });
    const url = `http://${filling.host}:${filling.port}${template.dialect === 'openai' ? '/v1' : ''}`;
    const model = fill([template.model ?? '{model}'], filling)[0] ?? '';
    this.#address = { url, isOurs: true, model, ...(template.binary && { isBinary: true }), ...(asksToken(template) && { sealed: seal(filling.token, url) }) };
    this.#child = child;
    const kill = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // It has ended by itself.
      }
    };
    // What it has started goes with it, and until that is gone it holds the pipes: the end would not be seen.
    child.once('exit', () => kill('SIGKILL'));
    const done = () => void rm(filling.folder, { recursive: true, force: true });
    this.#watched = watchChild(child, { buffer: this.#buffer, clock, name: 'the command', secrets: [filling.token], kill, done });
    void this.#watched.exited.then((info) => this.#exited.resolve(info));
  }

  /** Where the operator has said how long a silence may be. */
  #watchLife(template: CommandTemplate, filling: Filling): void {
    const { silentSeconds } = template;
    if (silentSeconds === undefined || !this.#watched) return;
    const life = { clock: this.#options.clock, silentSeconds, what: healthPath(template), answers: () => isHealthy(template, filling) };
    watchLife(this.#watched, life).catch(() => undefined);
  }

  async #becomesReady(template: CommandTemplate, filling: Filling): Promise<number> {
    const { clock } = this.#options;
    const { loadSeconds = LOAD_SECONDS_DEFAULT, slots = SLOTS_DEFAULT } = template;
    const giveUpAt = clock.monotonic() + loadSeconds * 1_000;
    while (!this.#watched?.ended.aborted) {
      if (await isHealthy(template, filling)) return slots;
      if (clock.monotonic() > giveUpAt) throw new Error(`the command was not ready within ${loadSeconds} s: ${healthPath(template)} was not answered with 200`);
      await clock.after(HEALTH_EVERY_MS);
    }
    throw new Error('the command ended before it was ready');
  }
}

/** Whether its health is answered with 200 within seconds. */
async function isHealthy(template: CommandTemplate, { port, token }: Filling): Promise<boolean> {
  return (await statusOf(Number(port), healthPath(template), token).catch(() => 0)) === 200;
}

function healthPath({ dialect, health = HEALTH_PATH[dialect] }: CommandTemplate): string {
  return health;
}

/** The server opens the file by its path: what is there is checked before it is told of it. */
async function verify(path: string, digest: string): Promise<void> {
  const file = await openVerified(path, digest);
  await file.close();
}

/** A private folder where the version's files have their own names; also where the command runs. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'modelyard-engine-'));
  for (const [name, path] of Object.entries(files)) await symlink(path, join(folder, name));
  return folder;
}

function statusOf(port: number, path: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = request({ host: HOST, port, path, timeout: HEALTH_TIMEOUT_MS, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    probe.once('error', reject).once('timeout', () => probe.destroy(new Error('health timed out')));
    probe.end();
  });
}
