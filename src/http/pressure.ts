import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';

const LOOK_EVERY_MS = 100;
/** A thread that is later than this serves nobody well … */
const LATE_MS_MAX = 1_000;
/** … and when it has been so for this long, it is not a passing thing. */
const LASTS_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

/**
 * Whether the one thread that serves is too busy to: then new calls are refused at once, so that those under way get through (S23).
 * It goes by how late its own timer is. Node's `monitorEventLoopDelay` drops the first delay after each reset, which under lasting load is each of them.
 */
export class Pressure {
  readonly #clock: Clock;
  /** When the first of an unbroken row of late looks was. */
  #lateSince: number | undefined;
  #shedding = false;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get shedding(): boolean {
    return this.#shedding;
  }

  start(): void {
    const due = this.#clock.monotonic() + LOOK_EVERY_MS;
    this.#cancel = this.#clock.timer(LOOK_EVERY_MS, () => {
      this.#look(this.#clock.monotonic() - due);
      this.start();
    });
  }

  close(): void {
    this.#cancel();
  }

  #look(lateMs: number): void {
    const now = this.#clock.monotonic();
    if (lateMs <= LATE_MS_MAX) this.#lateSince = undefined;
    else this.#lateSince ??= now;
    this.#shedding = this.#lateSince !== undefined && now - this.#lateSince >= LASTS_MS;
  }
}

/** What everybody is told who does not ask for the server's health. */
export function overloadedFault(): Fault {
  return new Fault('unavailable', 'overloaded', 'The server has more to do than it can; try again shortly.', { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

const HEALTH_PATHS: ReadonlySet<string> = new Set(['/live', '/ready', '/metrics', '/v2/health/live', '/v2/health/ready']);

/** Paths that are answered also when nothing else is: how else would anybody learn of it? */
export function isHealthPath(path: string): boolean {
  return HEALTH_PATHS.has(path);
}
