import { Random, Zipf } from './random.ts';
import type { Request } from './trace.ts';

/** A call as it arrives: when, for which deployment (its index), and how long. */
export interface Arrival extends Request {
  readonly deployment: number;
}

export const PATTERNS = ['bursty', 'diurnal', 'poisson'] as const;
export type Pattern = (typeof PATTERNS)[number];

export interface Traffic {
  readonly pattern: Pattern;
  /** Mean arrivals a second. */
  readonly rate: number;
  readonly minutes: number;
}

/** Popularity among deployments: the second is called half as often as the first. */
const ZIPF_EXPONENT = 1;
/** Bursts last 5 s in the mean and begin 30 s after the last one's end; while they last, eight times as many calls arrive. */
const BURST = { meanMs: 5_000, pauseMs: 30_000, factor: 8, hotShare: 0.5 };
/** The rate swings so far around its mean; the day's length is the simulation's. */
const DIURNAL_SWING = 0.8;
/** Lengths with the means of Azure's conversation trace, 1155 and 211 tokens (Patel et al., Splitwise, ISCA 2024), log-normal. */
const CONTEXT = { median: 770, sigma: 0.9, max: 8_192 };
const GENERATED = { median: 153, sigma: 0.8, max: 4_096 };

/** Spreads a trace over deployments by their popularity. */
export function* spread(requests: Iterable<Request>, deployments: number, seed: number): Generator<Arrival> {
  const random = new Random(seed);
  const zipf = new Zipf(deployments, ZIPF_EXPONENT);
  for (const request of requests) yield { ...request, deployment: zipf.rank(random) };
}

/**
 * Arrivals made from a seed. `poisson`: independent of each other; `diurnal`: the rate goes up and down like a day (a Poisson process
 * thinned, Lewis and Shedler 1979); `bursty`: a process of two states whose bursts go to one deployment by half.
 */
export function* generate({ pattern, rate, minutes }: Traffic, deployments: number, seed: number): Generator<Arrival> {
  const random = new Random(seed);
  const zipf = new Zipf(deployments, ZIPF_EXPONENT);
  const endMs = minutes * 60_000;
  const bursts = pattern === 'bursty' ? new Bursts(random, () => zipf.rank(random)) : undefined;
  const peak = pattern === 'bursty' ? BURST.factor * calmRate(rate) : pattern === 'diurnal' ? rate * (1 + DIURNAL_SWING) : rate;
  for (let atMs = random.exponential(1_000 / peak); atMs < endMs; atMs += random.exponential(1_000 / peak)) {
    const hot = bursts?.hotAt(atMs);
    const rateNow = bursts
      ? calmRate(rate) * (hot === undefined ? 1 : BURST.factor)
      : pattern === 'diurnal'
        ? rate * (1 - DIURNAL_SWING * Math.cos((2 * Math.PI * atMs) / endMs))
        : rate;
    if (rateNow < peak && random.uniform() * peak >= rateNow) continue;
    const deployment = hot !== undefined && random.uniform() < BURST.hotShare ? hot : zipf.rank(random);
    yield { atMs, deployment, contextTokens: length(random, CONTEXT), generatedTokens: length(random, GENERATED) };
  }
}

/** The rate between bursts, so that the mean over both is the one wanted. */
function calmRate(rate: number): number {
  const { meanMs, pauseMs, factor } = BURST;
  return (rate * (meanMs + pauseMs)) / (factor * meanMs + pauseMs);
}

/** Which deployment a burst goes to, if there is one now. Asked with times that never go back. */
class Bursts {
  readonly #random: Random;
  readonly #chooseHot: () => number;
  #hot: number | undefined;
  #untilMs: number;

  constructor(random: Random, chooseHot: () => number) {
    this.#random = random;
    this.#chooseHot = chooseHot;
    this.#untilMs = random.exponential(BURST.pauseMs);
  }

  hotAt(atMs: number): number | undefined {
    while (atMs >= this.#untilMs) {
      this.#hot = this.#hot === undefined ? this.#chooseHot() : undefined;
      this.#untilMs += this.#random.exponential(this.#hot === undefined ? BURST.pauseMs : BURST.meanMs);
    }
    return this.#hot;
  }
}

function length(random: Random, { median, sigma, max }: typeof CONTEXT): number {
  return Math.min(max, Math.max(1, Math.round(random.logNormal(median, sigma))));
}
