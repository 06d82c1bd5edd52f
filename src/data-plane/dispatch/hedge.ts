import type { Clock } from '../../base/clock.ts';
import type { AnswerHeaders, AnswerSink, Presence } from '../call.ts';
import type { Job, JobEnd } from './job.ts';

export interface Hedging {
  readonly clock: Clock;
  readonly presence: Presence;
  readonly sink: AnswerSink;
  readonly afterMs: number;
  first(sink: AnswerSink): Job;
  /** How another replica's attempt is made, if one may be made now. */
  second(): ((sink: AnswerSink) => Job) | undefined;
}

export interface HedgedEnd {
  readonly job: Job;
  readonly end: JobEnd;
}

/** One attempt of a race: what it says reaches the client only if it is the first to say something. */
class Runner implements AnswerSink {
  readonly job: Job;
  readonly #race: Race;
  end: JobEnd | undefined;

  constructor(race: Race, make: (sink: AnswerSink) => Job) {
    this.#race = race;
    this.job = make(this);
  }

  head(status: number, headers: AnswerHeaders): void {
    if (this.#race.isWonBy(this)) this.#race.sink.head(status, headers);
  }

  frame(bytes: Uint8Array): boolean {
    return this.#race.winner !== this || this.#race.sink.frame(bytes);
  }

  drained(): Promise<void> {
    return this.#race.winner === this ? this.#race.sink.drained() : Promise.resolve();
  }
}

/** Attempts at one call: who is first to have something to say has the client, and the others are cancelled. */
class Race {
  readonly sink: AnswerSink;
  readonly #done: (end: HedgedEnd) => void;
  readonly #runners: Runner[] = [];
  winner: Runner | undefined;

  constructor(sink: AnswerSink, done: (end: HedgedEnd) => void) {
    this.sink = sink;
    this.#done = done;
  }

  /** Nobody has said anything yet, nor has anybody ended. */
  get isOpen(): boolean {
    return this.winner === undefined && this.#runners.every(({ end }) => end === undefined);
  }

  enter(make: (sink: AnswerSink) => Job): void {
    const runner = new Runner(this, make);
    this.#runners.push(runner);
    void runner.job.run().then((end) => {
      runner.end = end;
      this.#finish();
    });
  }

  /** The first to ask has it. */
  isWonBy(runner: Runner): boolean {
    if (this.winner === undefined) {
      this.winner = runner;
      for (const other of this.#runners) if (other !== runner && other.end === undefined) other.job.leave();
    }
    return this.winner === runner;
  }

  /** The client has gone. */
  leave(): void {
    for (const { job, end } of this.#runners) if (end === undefined) job.leave();
  }

  #finish(): void {
    const told = this.winner ?? (this.#runners.every(({ end }) => end !== undefined) ? this.#runners[0] : undefined);
    if (told?.end) this.#done({ job: told.job, end: told.end });
  }
}

/**
 * One call, and after a while a second time on another replica: who answers first has it, and the other is cancelled. Ends as the
 * winner does; when none has anything to say, as the first did.
 */
export function runHedged({ clock, presence, sink, afterMs, first, second }: Hedging): Promise<HedgedEnd> {
  return new Promise((resolve) => {
    const race = new Race(sink, (end) => {
      stopTimer();
      presence.holder = undefined;
      resolve(end);
    });
    const stopTimer = clock.timer(afterMs, () => {
      const make = race.isOpen ? second() : undefined;
      if (!make) return;
      race.enter(make);
      presence.holder = race;
    });
    race.enter(first);
  });
}
