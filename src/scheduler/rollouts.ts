import type { RevisionFigures, Rollout } from './decide/world.ts';

/** A rollout as the control plane wants it. */
export type WantedRollout = Omit<Rollout, 'since' | 'lastWords' | 'canary' | 'stable'>;

/** What the gateways count of revisions. */
export interface Traffic {
  /** Counts `revisions`, those of `anew` from zero; what is not named is not counted. */
  watch(revisions: readonly string[], anew: readonly string[]): void;
  figures(revision: string): RevisionFigures;
}

interface Progress {
  readonly wanted: WantedRollout;
  readonly orderedAt: number;
  readonly since: number;
}

/** The rollouts under way, each with the time of its last step and what has been counted since. */
export class Rollouts {
  readonly #traffic: Traffic;
  #byRevision: ReadonlyMap<string, Progress> = new Map();

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  take(wanted: readonly WantedRollout[], now: number): void {
    const before = this.#byRevision;
    this.#byRevision = new Map(
      wanted.map((rollout): [string, Progress] => {
        const known = before.get(rollout.revision);
        const isSame = known?.wanted.stepsDone === rollout.stepsDone;
        return [rollout.revision, { wanted: rollout, orderedAt: known?.orderedAt ?? now, since: isSame ? known.since : now }];
      }),
    );
    const isNews = before.size !== this.#byRevision.size || [...this.#byRevision].some(([revision, { since }]) => before.get(revision)?.since !== since);
    if (isNews) this.#watch(now);
  }

  /** Since when a revision that has no traffic yet is waited for. */
  urgentSince(revision: string): number | undefined {
    const progress = this.#byRevision.get(revision);
    return progress?.wanted.stepsDone === 0 ? progress.orderedAt : undefined;
  }

  now(lastWords: ReadonlyMap<string, string>): Rollout[] {
    return [...this.#byRevision.values()].map(({ wanted, since }) => ({
      ...wanted,
      since,
      lastWords: lastWords.get(wanted.revision) ?? '',
      canary: this.#traffic.figures(wanted.revision),
      stable: this.#traffic.figures(wanted.previous),
    }));
  }

  /** Those that have just come or moved on are counted anew; the others go on. */
  #watch(now: number): void {
    const all = [...this.#byRevision.values()];
    const pairs = (of: readonly Progress[]) => of.flatMap(({ wanted }) => [wanted.revision, wanted.previous]);
    this.#traffic.watch(pairs(all), pairs(all.filter(({ since }) => since === now)));
  }
}
