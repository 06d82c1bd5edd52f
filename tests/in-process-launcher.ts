import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../src/base/clock.ts';
import type { EngineSpec } from '../src/contract/engine-wire.ts';
import { createEchoEngine, createEchoTensorEngine } from '../src/engines/echo/index.ts';
import type { Engine } from '../src/engines/engine.ts';
import { type RunningEngine, startEngine } from '../src/engines/host.ts';
import type { ExitInfo, Launched, Launcher, LaunchOrder } from '../src/scheduler/ports.ts';

/** Starts echo engines inside this process, on real sockets: the whole product without a child. A fake of the launcher only. */
export class InProcessLauncher implements Launcher {
  readonly #folder = mkdtempSync(join(tmpdir(), 'my-test-'));
  readonly #kills = new Map<string, (reason: string) => void>();
  /** What engines that are started from now on wait by. */
  clock: Clock = systemClock;
  /** Calls that an engine computes just now, in all. */
  running = 0;
  /** Calls that each replica was sent, in the order of their start. */
  readonly calls = new Map<string, number>();
  /** Replicas that answer no chat call until it is cancelled. */
  readonly stuck = new Set<string>();
  /** A call with this text in it ends the engine that computes it. */
  poison = 'POISON';
  /** How many engines were started, by deployment. */
  readonly launches: string[] = [];

  launch({ replica, deployment, engine }: LaunchOrder): Launched {
    this.launches.push(deployment);
    const listen = { socket: join(this.#folder, `${replica.slice(-8)}.sock`) };
    const exit = Promise.withResolvers<ExitInfo>();
    this.calls.set(replica, 0);
    const started = startEchoEngine({ ...engine, listen }, this.clock, (one) => this.#watched(one, replica));
    let stopped = false;
    const end = async (reason: string) => {
      if (stopped) return;
      stopped = true;
      await (await started).running.close();
      exit.resolve({ reason });
    };
    // One that does not start ends with what it said, as a child does.
    started.catch((error: unknown) => exit.resolve({ reason: String(error) }));
    for (const name of [deployment, replica]) this.#kills.set(name, (reason) => void end(reason));
    return {
      address: listen,
      ready: started.then(({ engine: { slots } }) => ({ slots })),
      exited: exit.promise,
      stop: async () => {
        const engine = await started.catch(() => undefined);
        if (!engine) return;
        await engine.running.drain();
        await end('stopped');
      },
    };
  }

  /** Ends a deployment's engine as a crash would: its sockets close in the middle of whatever it was doing. */
  crash(deployment: string): void {
    this.#kills.get(deployment)?.('killed by a test');
  }

  /** Counts the calls of a text engine, and lets none of a stuck one through. */
  #watched(engine: Engine, replica: string): Engine {
    if (engine.dialect !== 'openai') return engine;
    return {
      ...engine,
      generate: async (request, onPiece, signal) => {
        this.calls.set(replica, (this.calls.get(replica) ?? 0) + 1);
        const isPoison = JSON.stringify(request.prompt).includes(this.poison);
        if (isPoison) this.#kills.get(replica)?.('ended by an input');
        if (this.stuck.has(replica) || isPoison) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        this.running++;
        return engine.generate(request, onPiece, signal).finally(() => this.running--);
      },
    };
  }

  logs(): readonly string[] {
    return ['a line of the engine'];
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function startEchoEngine(spec: EngineSpec, clock: Clock, watched: (engine: Engine) => Engine): Promise<{ engine: Engine; running: RunningEngine }> {
  const engine = watched(spec.manifest.task === 'tensor' ? createEchoTensorEngine(spec) : createEchoEngine(spec, clock));
  return { engine, running: await startEngine(engine, spec.listen) };
}
