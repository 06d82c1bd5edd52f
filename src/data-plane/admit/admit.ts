import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { KeyLimits } from '../../contract/feeds.ts';
import type { Admission, Bounds, Caller, Target } from '../call.ts';
import { RateLimit } from './gcra.ts';

/** Keys whose counters are kept; beyond, one that has not been used for long is forgotten. */
const KEYS_MAX = 200_000;
/** Held for an answer without a limit of its own, when the model tells none. */
const COMPLETION_TOKENS_DEFAULT = 4_096;

interface KeyState {
  readonly limits: KeyLimits;
  readonly requests: RateLimit | undefined;
  readonly tokens: RateLimit | undefined;
  running: number;
}

export type Admit = (caller: Caller, bounds: Bounds, target: Target) => Admission;

/** Requests and tokens a minute and calls at once, per key, in memory. Refuses early, never queues. */
export function createAdmit(clock: Clock): Admit {
  const states = new Map<string, KeyState>();
  return (caller, bounds, target) => {
    const state = stateOf(states, caller);
    const { limits, requests, tokens } = state;
    const now = clock.monotonic();
    if (limits.concurrency !== undefined && state.running >= limits.concurrency) {
      throw refusal('concurrency_limit', `This key may run ${limits.concurrency} calls at once.`, 1);
    }
    const asked = requests?.take(1, now);
    if (asked && !asked.ok) throw refusal('requests_per_minute', `This key may make ${limits.requestsPerMinute} requests a minute.`, asked.waitMs / 1000);
    const held = tokens ? holdOf(bounds, target) : 0;
    const token = tokens?.take(held, now);
    if (token && !token.ok) {
      requests?.correct(1, 0);
      throw refusal('tokens_per_minute', `This key may use ${limits.tokensPerMinute} tokens a minute.`, token.waitMs / 1000);
    }
    return new Place(state, held, now);
  };
}

class Place implements Admission {
  readonly #state: KeyState;
  readonly #held: number;
  readonly #now: number;

  constructor(state: KeyState, held: number, now: number) {
    this.#state = state;
    this.#held = held;
    this.#now = now;
    state.running++;
  }

  addHeaders(headers: Record<string, string>): void {
    const { requests, tokens } = this.#state;
    // Spelled out: a name that is put together is looked up in the runtime's table of names each time.
    if (requests) {
      headers['x-ratelimit-limit-requests'] = requests.limitText;
      headers['x-ratelimit-remaining-requests'] = String(requests.remaining(this.#now));
      headers['x-ratelimit-reset-requests'] = secondsText(requests.resetMs(this.#now));
    }
    if (tokens) {
      headers['x-ratelimit-limit-tokens'] = tokens.limitText;
      headers['x-ratelimit-remaining-tokens'] = String(tokens.remaining(this.#now));
      headers['x-ratelimit-reset-tokens'] = secondsText(tokens.resetMs(this.#now));
    }
  }

  settle(usedTokens: number): void {
    this.#state.running--;
    this.#state.tokens?.correct(this.#held, usedTokens);
  }
}

function secondsText(ms: number): string {
  return `${Math.ceil(ms / 1000)}s`;
}

function stateOf(states: Map<string, KeyState>, { keyId, limits }: Caller): KeyState {
  const known = states.get(keyId);
  if (known && sameLimits(known.limits, limits)) {
    // While there is room nobody is forgotten, and so nobody need be moved to the end.
    if (states.size >= KEYS_MAX) {
      states.delete(keyId);
      states.set(keyId, known);
    }
    return known;
  }
  const state: KeyState = {
    limits,
    requests: limits.requestsPerMinute === undefined ? undefined : new RateLimit(limits.requestsPerMinute),
    tokens: limits.tokensPerMinute === undefined ? undefined : new RateLimit(limits.tokensPerMinute),
    running: 0,
  };
  if (states.size >= KEYS_MAX) states.delete(states.keys().next().value ?? '');
  states.set(keyId, state);
  return state;
}

function sameLimits(a: KeyLimits, b: KeyLimits): boolean {
  return a.requestsPerMinute === b.requestsPerMinute && a.tokensPerMinute === b.tokensPerMinute && a.concurrency === b.concurrency;
}

/** Prompt tokens ≤ its bytes; the answer ≤ what was asked for, or what the model can give. */
function holdOf({ promptTokens, completionTokens }: Bounds, { revision }: Target): number {
  const room = revision.contextLength ?? COMPLETION_TOKENS_DEFAULT;
  return Math.min(promptTokens, room) + Math.min(completionTokens ?? room, room);
}

function refusal(code: string, message: string, waitSeconds: number): Fault {
  return new Fault('rate_limited', code, `${message} Retry later.`, { retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) });
}
