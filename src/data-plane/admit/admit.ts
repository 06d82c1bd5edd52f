import type { Clock } from '../../base/clock.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import type { Admission, Admitted } from '../call.ts';
import { tokenBounds } from './bounds.ts';
import type { Charge, Credit } from './credit.ts';
import { LimitStates, type LimitState, takePlace } from './limits.ts';

/** At once, but for a priced call whose credit has to be leased first. @throws Fault when a limit or the credit has no room */
export type Admit = (admitted: Admitted) => Admission | Promise<Admission>;

/** Requests and tokens a minute and calls at once, per key and contract, and credit: all in memory. Refuses early, never queues. */
export function createAdmit(clock: Clock, credit: Credit): Admit {
  const states = new LimitStates();
  return (admitted) => {
    const place = placeOf(admitted, states, clock.monotonic());
    try {
      const charge = credit.charge(admitted);
      if (!(charge instanceof Promise)) return place.charged(admitted, charge);
      return charge.then((ready) => place.charged(admitted, ready), place.refused);
    } catch (error) {
      return place.refused(error);
    }
  };

  function placeOf({ caller, request, target }: Admitted, from: LimitStates, now: number): Place {
    const { limits, subscription } = target.offer;
    const own = from.of(caller.keyId, caller.limits);
    const contract = limits && from.of(`${subscription ?? ''} ${caller.keyId}`, limits);
    const needsTokens = own.tokens !== undefined || contract?.tokens !== undefined;
    const { prompt, completion } = needsTokens ? tokenBounds(request.bounds, target) : NO_TOKENS;
    const held = prompt + completion;
    takePlace(own, held, now);
    try {
      if (contract) takePlace(contract, held, now);
    } catch (error) {
      own.requests?.correct(1, 0);
      own.tokens?.correct(held, 0);
      throw error;
    }
    return new Place({ own, contract, held, now, credit });
  }
}

const NO_TOKENS = { prompt: 0, completion: 0 };

interface PlaceParts {
  readonly own: LimitState;
  readonly contract: LimitState | undefined;
  readonly held: number;
  readonly now: number;
  readonly credit: Credit;
}

class Place implements Admission {
  readonly #parts: PlaceParts;
  #charge: Charge | undefined;

  constructor(parts: PlaceParts) {
    this.#parts = parts;
    parts.own.running++;
    if (parts.contract) parts.contract.running++;
  }

  charged({ call }: Admitted, charge: Charge | undefined): this {
    this.#charge = charge;
    if (charge) call.terms = charge.terms;
    return this;
  }

  /** No credit: the place is given back, and the refusal goes on. */
  readonly refused = (error: unknown): never => {
    this.settle(undefined);
    throw error;
  };

  async turnTo(admitted: Admitted): Promise<void> {
    const charge = await this.#parts.credit.charge(admitted);
    this.#charge?.settle(undefined);
    this.#charge = charge;
    delete admitted.call.terms;
    this.charged(admitted, charge);
  }

  addHeaders(headers: Record<string, string>): void {
    const { own, contract, now } = this.#parts;
    const requests = own.requests ?? contract?.requests;
    const tokens = own.tokens ?? contract?.tokens;
    // Spelled out: a name that is put together is looked up in the runtime's table of names each time.
    if (requests) {
      headers['x-ratelimit-limit-requests'] = requests.limitText;
      headers['x-ratelimit-remaining-requests'] = String(requests.remaining(now));
      headers['x-ratelimit-reset-requests'] = secondsText(requests.resetMs(now));
    }
    if (tokens) {
      headers['x-ratelimit-limit-tokens'] = tokens.limitText;
      headers['x-ratelimit-remaining-tokens'] = String(tokens.remaining(now));
      headers['x-ratelimit-reset-tokens'] = secondsText(tokens.resetMs(now));
    }
  }

  settle(record: UsageRecord | undefined): void {
    const { own, contract, held } = this.#parts;
    const used = record ? record.promptTokens + record.completionTokens : 0;
    own.running--;
    own.tokens?.correct(held, used);
    if (contract) {
      contract.running--;
      contract.tokens?.correct(held, used);
    }
    this.#charge?.settle(record);
  }
}

function secondsText(ms: number): string {
  return `${Math.ceil(ms / 1000)}s`;
}
