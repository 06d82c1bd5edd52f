import type { Clock } from '../../base/clock.ts';
import { Billing, type BillingEvent, Leasing, type Prices, Upkeep } from '../../control-plane/billing/index.ts';
import type { Budgets } from '../../control-plane/entitlements/index.ts';
import { Ledger } from '../../control-plane/ledger/index.ts';
import type { Pricing } from '../../control-plane/pricing/index.ts';
import { Replays } from '../../control-plane/replays/index.ts';
import { Usage } from '../../control-plane/usage/index.ts';
import type { Db } from '../../db/open.ts';
import { OwnGateway } from '../own-gateway.ts';

export interface MoneyParts {
  readonly db: Db;
  readonly clock: Clock;
  /** The name of this process's own gateway. */
  readonly gateway: string;
  /** A call waits so long for a database, milliseconds. */
  readonly waitMs: number;
  readonly pricing: Pick<Pricing, 'fetch' | 'priceOf'>;
  readonly budgets: Budgets;
  happened(event: BillingEvent): void;
  problem(error: unknown): void;
}

/** What every process needs that has a gateway: usage and the book, leases, and answers kept under idempotency keys. */
export function composeMoney({ db, clock, gateway, waitMs, pricing, budgets, happened, problem }: MoneyParts) {
  const usage = new Usage(db);
  const ledger = new Ledger(db, clock);
  const prices: Prices = {
    async priceOf(version, asked) {
      await pricing.fetch(db, [version]);
      return pricing.priceOf(version, asked);
    },
  };
  const billing = new Billing({ db, clock, usage, ledger, prices, budgets, happened, problem });
  const leasing = new Leasing({ db, clock, ledger, budgets, happened });
  const upkeep = new Upkeep({ clock, ledger, billing, leasing, problem });
  const replays = new Replays({ db, clock, charges: usage, gateway, waitMs, problem });
  const own = new OwnGateway({ clock, name: gateway, billing, leasing, upkeep, replays, problem });
  return { usage, ledger, prices, billing, leasing, replays, own };
}
