import type { Clock } from '../../base/clock.ts';
import { countedAs } from '../../base/ip.ts';
import { Fault } from '../../contract/errors.ts';

/** So many bad keys of one address within the window, and so many that begin alike, are answered as such; further ones are put off. */
const PER_ADDRESS_MAX = 10;
const PER_PREFIX_MAX = 5;
const WINDOW_MS = 300_000;
const PUT_OFF_MS = 3_600_000;
/** Addresses that are remembered; beyond, the one whose last bad key is longest ago is forgotten. Guessing on from another gains nothing: keys have more than 128 bits. */
const ADDRESSES_MAX = 10_000;
/** Of a key: `my_` and four characters, as much as is ever shown of one. */
const PREFIX_CHARS = 7;
/** Beginnings that are put off, of one address. */
const PREFIXES_MAX = 16;

interface Offender {
  /** Within the window, the oldest first; at most `PER_ADDRESS_MAX`. */
  bad: { readonly at: number; readonly prefix: string }[];
  putOffUntil: number;
  readonly prefixesUntil: Map<string, number>;
}

/**
 * Slows down who tries keys: by address (IPv6 by its /64) and by how the key begins. Only bad keys are ever asked about here, so that one broken client
 * behind a proxy never stops the good ones beside it (X7).
 */
export class BadKeys {
  readonly #clock: Clock;
  readonly #offenders = new Map<string, Offender>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a bad key. Returns the refusal in place of the usual one, when there were too many. */
  refuse(address: string, sent: string): Fault | undefined {
    const now = this.#clock.monotonic();
    const prefix = sent.replace(/^Bearer +/i, '').slice(0, PREFIX_CHARS);
    const offender = this.#offender(countedAs(address));
    const until = Math.max(offender.putOffUntil, offender.prefixesUntil.get(prefix) ?? 0);
    if (until <= now) offender.prefixesUntil.delete(prefix);
    if (offender.putOffUntil <= now) count(offender, { at: now, prefix });
    return until > now ? tooMany(until - now) : undefined;
  }

  #offender(key: string): Offender {
    const offender = this.#offenders.get(key) ?? { bad: [], putOffUntil: 0, prefixesUntil: new Map<string, number>() };
    this.#offenders.delete(key);
    if (this.#offenders.size >= ADDRESSES_MAX) this.#offenders.delete(this.#offenders.keys().next().value ?? '');
    this.#offenders.set(key, offender);
    return offender;
  }
}

function count(offender: Offender, one: { readonly at: number; readonly prefix: string }): void {
  offender.bad = offender.bad.filter(({ at }) => at > one.at - WINDOW_MS);
  offender.bad.push(one);
  if (offender.bad.length >= PER_ADDRESS_MAX) {
    offender.putOffUntil = one.at + PUT_OFF_MS;
    offender.bad = [];
  } else if (offender.bad.filter(({ prefix }) => prefix === one.prefix).length >= PER_PREFIX_MAX) {
    if (offender.prefixesUntil.size >= PREFIXES_MAX) offender.prefixesUntil.delete(offender.prefixesUntil.keys().next().value ?? '');
    offender.prefixesUntil.set(one.prefix, one.at + PUT_OFF_MS);
  }
}

/** Says nothing of the key: neither that it exists nor that it does not. */
function tooMany(leftMs: number): Fault {
  return new Fault('rate_limited', 'too_many_bad_keys', 'Too many keys that are not valid came from this address; a valid key is served all the same.', {
    retryAfterSeconds: Math.ceil(leftMs / 1000),
  });
}
