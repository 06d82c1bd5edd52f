import { type Load, NO_LOAD } from './decide/world.ts';

/** Seconds over which concurrency is averaged: the stable and the panic window. Source: Knative's autoscaler. */
const STABLE_SAMPLES = 60;
const PANIC_SAMPLES = 6;

/** What one gateway says of one revision now. */
export interface LoadReport {
  readonly revision: string;
  readonly waiting: number;
  readonly running: number;
  readonly waitingSince: number | undefined;
  readonly lastCallAt: number | undefined;
}

/** The last minute of each revision's concurrency, one sample a second. */
export class LoadWindow {
  readonly #samples = new Map<string, number[]>();
  #latest = new Map<string, LoadReport>();

  /** Takes the reports of one second. */
  sample(reports: readonly LoadReport[], now: number): void {
    this.look(reports.map((report) => (report.running > 0 ? { ...report, lastCallAt: now } : report)));
    for (const { revision, waiting, running } of reports) {
      const samples = this.#samples.get(revision) ?? [];
      samples.push(waiting + running);
      if (samples.length > STABLE_SAMPLES) samples.shift();
      this.#samples.set(revision, samples);
    }
    for (const revision of this.#samples.keys()) if (!this.#latest.has(revision)) this.#samples.delete(revision);
  }

  /** Takes reports between two seconds: who waits now counts at once, the means do not move. */
  look(reports: readonly LoadReport[]): void {
    this.#latest = new Map(reports.map((report) => [report.revision, report]));
  }

  loads(): ReadonlyMap<string, Load> {
    return new Map([...this.#latest].map(([revision, report]) => [revision, this.#loadOf(report)]));
  }

  #loadOf({ revision, waiting, running, waitingSince, lastCallAt }: LoadReport): Load {
    const samples = this.#samples.get(revision) ?? [];
    return {
      ...NO_LOAD,
      waiting,
      running,
      waitingSince,
      lastCallAt,
      stableConcurrency: mean(samples, STABLE_SAMPLES),
      panicConcurrency: mean(samples.slice(-PANIC_SAMPLES), PANIC_SAMPLES),
    };
  }
}

/** Over the whole window: a revision that has just come was not called before. */
function mean(samples: readonly number[], length: number): number {
  return samples.reduce((sum, value) => sum + value, 0) / length;
}
