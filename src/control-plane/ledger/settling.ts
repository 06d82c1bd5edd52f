import type { TransactionOrder } from './book.ts';
import { type GrantPart, settle, type Split } from './model.ts';

/** What a call is to cost whom. `id` is the request's. */
export interface ChargeOrder {
  readonly id: string;
  readonly orgId: string;
  readonly lease: string;
  readonly split: Split;
}

/** What is left of a grant. */
interface Held {
  readonly id: string;
  readonly balanceMicros: bigint;
}

interface Expiring {
  readonly expiresAt: number | undefined;
  readonly isSwept: boolean;
}

export function amountOf({ publisherMicros, platformMicros, taxMicros }: Split): bigint {
  return publisherMicros + platformMicros + taxMicros;
}

/** What was swept stays expired, even if the clock is set back. */
export function isExpired({ expiresAt, isSwept }: Expiring, now: number): boolean {
  return isSwept || (expiresAt !== undefined && expiresAt <= now);
}

/** So much of it, from the first on, or all there is. */
export function draw(from: readonly Held[], wantedMicros: bigint): GrantPart[] {
  let left = wantedMicros;
  return from.flatMap(({ id, balanceMicros }) => {
    const amountMicros = balanceMicros < left ? balanceMicros : left;
    left -= amountMicros;
    return amountMicros > 0n ? [{ grant: id, amountMicros }] : [];
  });
}

export function total(parts: readonly GrantPart[]): bigint {
  return parts.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}

/** A purse per name, from which is drawn while a batch is settled. */
class Purses {
  readonly #held = new Map<string, { readonly id: string; balanceMicros: bigint }[]>();

  constructor(held: ReadonlyMap<string, readonly Held[]>) {
    for (const [name, grants] of held)
      this.#held.set(
        name,
        grants.map(({ id, balanceMicros }) => ({ id, balanceMicros })),
      );
  }

  take(name: string, wantedMicros: bigint): GrantPart[] {
    const parts: GrantPart[] = [];
    let left = wantedMicros;
    for (const grant of this.#held.get(name) ?? []) {
      if (left <= 0n) break;
      const amountMicros = grant.balanceMicros < left ? grant.balanceMicros : left;
      if (amountMicros <= 0n) continue;
      grant.balanceMicros -= amountMicros;
      left -= amountMicros;
      parts.push({ grant: grant.id, amountMicros });
    }
    return parts;
  }
}

/** Charges, in order, each taken from what those before it have left. */
export class Settling {
  readonly #charges: readonly ChargeOrder[];
  readonly #leases: ReadonlyMap<string, readonly Held[]>;

  /** @param leases what the charges' leases hold, in the order in which it is spent */
  constructor(charges: readonly ChargeOrder[], leases: ReadonlyMap<string, readonly Held[]>) {
    this.#charges = charges;
    this.#leases = leases;
  }

  /** Those whose leases do not hold what is charged. */
  organisationsShort(): string[] {
    const byLease = Map.groupBy(this.#charges, ({ lease }) => lease);
    const short = [...byLease].filter(([lease, charges]) => {
      const held = (this.#leases.get(lease) ?? []).reduce((sum, { balanceMicros }) => sum + balanceMicros, 0n);
      return charges.reduce((sum, { split }) => sum + amountOf(split), 0n) > held;
    });
    return [...new Set(short.flatMap(([, charges]) => charges.map(({ orgId }) => orgId)))];
  }

  /** @param wallets what those that are short have beside their leases, in the order in which it is spent */
  orders(wallets: ReadonlyMap<string, readonly (Held & Expiring)[]>, now: number): TransactionOrder[] {
    const leases = new Purses(this.#leases);
    const purses = new Purses(new Map([...wallets].map(([orgId, grants]) => [orgId, grants.filter((grant) => !isExpired(grant, now))])));
    return this.#charges.map(({ id, orgId, lease, split }) => {
      const charge = amountOf(split);
      const parts = leases.take(lease, charge);
      const walletParts = purses.take(orgId, charge - total(parts));
      const overageMicros = charge - total(parts) - total(walletParts);
      return { id, kind: 'settle', orgId, reference: lease, postings: settle(orgId, lease, { parts, walletParts, overageMicros, split }) };
    });
  }
}
