import type { Spread } from './stats.ts';

/** One bar of requirements/performance.md. */
export interface Bar {
  readonly id: string;
  readonly title: string;
  run(context: BenchContext): Promise<Figure[]>;
}

export interface BenchContext {
  readonly rounds: number;
  readonly seconds: number;
  /** All bars of this run: those that share arms measure them together. */
  readonly selected: ReadonlySet<string>;
  /** What was measured already, by name. */
  readonly shared: Map<string, Promise<unknown>>;
  /** Node arguments of the gateway arm, for a profile. */
  readonly gatewayArguments: readonly string[];
  log(text: string): void;
}

/** A measured ratio and what it has to be. */
export interface Figure {
  readonly what: string;
  readonly figure: number;
  readonly iqr?: readonly [number, number];
  readonly floor: number;
  readonly aim: number;
  /** Whether more is better. */
  readonly better: 'higher' | 'lower';
  /** Why it proves nothing, if it doesn't. */
  readonly doubts: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
}

export type Verdict = 'met' | 'missed' | 'inconclusive';

export function verdictOf({ figure, floor, better, doubts }: Figure): Verdict {
  if (doubts.length > 0 || !Number.isFinite(figure)) return 'inconclusive';
  return (better === 'higher' ? figure >= floor : figure <= floor) ? 'met' : 'missed';
}

/** Whether the aim, beyond the floor, is reached too. */
export function reachesAim({ figure, aim, better }: Figure): boolean {
  return better === 'higher' ? figure >= aim : figure <= aim;
}

/** The common part of a figure that is a ratio of rounds. */
export function fromSpread({ median, iqr }: Spread): Pick<Figure, 'figure' | 'iqr'> {
  return { figure: median, iqr };
}
