import type { Load } from './decide/world.ts';
import { type LoadReport, RollingLoad } from './rolling-load.ts';

/** The last minute of every revision's load, one sample a second. */
export class LoadWindow {
  readonly #loads = new Map<string, RollingLoad>();

  /** Takes the reports of one second. */
  sample(reports: readonly LoadReport[], now: number): void {
    this.look(reports);
    for (const load of this.#loads.values()) load.sample(now);
  }

  /** Takes reports between two seconds: who waits now counts at once, the means do not move. */
  look(reports: readonly LoadReport[]): void {
    const reported = new Set<string>();
    for (const report of reports) {
      reported.add(report.revision);
      const load = this.#loads.get(report.revision) ?? new RollingLoad();
      this.#loads.set(report.revision, load);
      load.see(report);
    }
    for (const revision of this.#loads.keys()) if (!reported.has(revision)) this.#loads.delete(revision);
  }

  loads(): ReadonlyMap<string, Load> {
    return this.#loads;
  }
}
