import type { Clock } from '../../../src/base/clock.ts';

/** A process that can be killed: then nothing that it waits for ever comes. */
export class SimProcess {
  alive = true;
  readonly clock: Clock;

  constructor(world: Clock) {
    const whileAlive = (callback: () => void) => () => {
      if (this.alive) callback();
    };
    this.clock = {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      timer: (ms, callback) => world.timer(ms, whileAlive(callback)),
      after: (ms, signal) =>
        new Promise((resolve, reject) => {
          const cancel = world.timer(ms, whileAlive(resolve));
          signal?.addEventListener('abort', () => {
            cancel();
            if (this.alive) reject(signal.reason as Error);
          });
        }),
    };
  }

  /** Hands a result of the outside world to the process, if it is still there. */
  async given<T>(result: Promise<T>): Promise<T> {
    const settled = await result.then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    if (!this.alive) await new Promise(() => undefined);
    return settled();
  }
}
