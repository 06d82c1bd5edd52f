import { Receipts, Refunds, Statements } from '../../control-plane/billing/index.ts';
import type { Identity } from '../../control-plane/identity/index.ts';
import type { Monitoring } from '../../control-plane/monitoring/index.ts';
import { composeMoney, type MoneyParts } from './money.ts';

export interface BooksParts extends Omit<MoneyParts, 'happened'> {
  readonly currency: string;
  /** The home's own secret, of which the receipts' key is made. */
  readonly signingKey: Buffer;
  readonly identity: Identity;
  monitoring(): Monitoring;
}

/** What calls cost and who has what, and what people are shown of it. */
export function composeBooks({ signingKey, currency, identity, monitoring, ...parts }: BooksParts) {
  const { db } = parts;
  const money = composeMoney({
    ...parts,
    happened: ({ orgId, ...event }) => monitoring().record({ ...event, revision: '', replica: '', node: '' }, orgId),
  });
  const { usage, ledger, prices } = money;
  const organisations = {
    byName: (name: string) => identity.orgByName(name),
    names: async () => new Map((await identity.listOrgs()).map(({ id, name }) => [id, name])),
  };
  return {
    ...money,
    organisations,
    currency,
    receipts: new Receipts({ ...parts, usage, prices, organisations, signingKey }),
    refunds: new Refunds({ db, ledger, usage, prices }),
    statements: new Statements(db),
  };
}
