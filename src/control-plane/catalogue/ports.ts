import type { Tx } from '../../db/open.ts';
import type { PriceVersion } from '../pricing/index.ts';
import type { SingleRate, Viewer } from './model.ts';

/** What became of a plan's subscriptions when its price changed. */
export interface Repriced {
  readonly version: PriceVersion;
  /** On the version at once, and those that come to it after notice. */
  readonly movedNow: number;
  readonly movedLater: number;
  /** When the last of them does; undefined: all are there. */
  readonly effectiveAt: number | undefined;
}

/** What the catalogue needs of who has subscribed; `app/` gives it. */
export interface Contracts {
  /** Has a plan's next version made, and its subscriptions moved to it or told when, in one transaction; the callers feed has it when this resolves. */
  reprice(planId: string, makeVersion: (tx: Tx) => Promise<PriceVersion>): Promise<Repriced>;
}

/** What a deployment is sold for beside what it costs. */
export interface Margin {
  readonly price: SingleRate;
  /** For as many units as the price is for; undefined while nothing was sold. */
  readonly marginMicros: bigint | undefined;
  readonly marginShare: number | undefined;
  readonly breakEvenUtilisation: number | undefined;
  /** When it is sold under its cost (Q10). */
  readonly warning: string | undefined;
}

/** What the catalogue needs of costing. */
export interface Margins {
  of(viewer: Viewer, deployment: string): Promise<Margin | undefined>;
}
