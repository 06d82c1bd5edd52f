import { Fault } from '../../contract/errors.ts';
import type { KeyLimits } from '../../contract/feeds.ts';
import { RateLimit } from './gcra.ts';

/** Holders of limits whose counters are kept; beyond, one that has not been used for long is forgotten. */
const HOLDERS_MAX = 200_000;

/** The counters of one holder of limits: a key, or a key's contract. */
export interface LimitState {
  readonly limits: KeyLimits;
  readonly requests: RateLimit | undefined;
  readonly tokens: RateLimit | undefined;
  running: number;
}

/** Takes a place and `tokens` of a holder's limits, or refuses and takes nothing. @throws Fault `rate_limited` */
export function takePlace({ limits, requests, tokens, running }: LimitState, held: number, now: number): void {
  if (limits.concurrency !== undefined && running >= limits.concurrency) {
    throw refusal('concurrency_limit', `This key may run ${limits.concurrency} calls at once.`, 1);
  }
  const asked = requests?.take(1, now);
  if (asked && !asked.ok) throw refusal('requests_per_minute', `This key may make ${limits.requestsPerMinute} requests a minute.`, asked.waitMs / 1000);
  const token = tokens?.take(held, now);
  if (token && !token.ok) {
    requests?.correct(1, 0);
    throw refusal('tokens_per_minute', `This key may use ${limits.tokensPerMinute} tokens a minute.`, token.waitMs / 1000);
  }
}

/** Counters by their holders' names. */
export class LimitStates {
  readonly #states = new Map<string, LimitState>();

  of(holder: string, limits: KeyLimits): LimitState {
    const states = this.#states;
    const known = states.get(holder);
    if (known && sameLimits(known.limits, limits)) {
      // While there is room nobody is forgotten, and so nobody need be moved to the end.
      if (states.size >= HOLDERS_MAX) {
        states.delete(holder);
        states.set(holder, known);
      }
      return known;
    }
    const state: LimitState = {
      limits,
      requests: limits.requestsPerMinute === undefined ? undefined : new RateLimit(limits.requestsPerMinute),
      tokens: limits.tokensPerMinute === undefined ? undefined : new RateLimit(limits.tokensPerMinute),
      running: 0,
    };
    if (states.size >= HOLDERS_MAX) states.delete(states.keys().next().value ?? '');
    states.set(holder, state);
    return state;
  }
}

function sameLimits(a: KeyLimits, b: KeyLimits): boolean {
  return a.requestsPerMinute === b.requestsPerMinute && a.tokensPerMinute === b.tokensPerMinute && a.concurrency === b.concurrency;
}

function refusal(code: string, message: string, waitSeconds: number): Fault {
  return new Fault('rate_limited', code, `${message} Retry later.`, { retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) });
}
