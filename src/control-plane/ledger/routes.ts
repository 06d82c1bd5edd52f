import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { formatMicros, parseMicros } from '../../base/money.ts';
import { invalid } from '../../contract/errors.ts';
import type { Organisations, Bills } from './ports.ts';
import type { Ledger, WalletGrant } from './service.ts';

const PAID_PRIORITY = 2;
const closed = { additionalProperties: false } as const;
const Amount = Type.String({ minLength: 1, maxLength: 32, description: 'a decimal number, at most six digits behind the point' });
/** A million million: what the book can hold of it many times. */
const CREDIT_MICROS_MAX = 10n ** 18n;
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const Order = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: "the transfer's own name: the same one credits once" }),
    org: Type.String({ minLength: 1, maxLength: 63 }),
    amount: Amount,
    given: Type.Optional(Type.Boolean({ description: 'a gift: no money was paid for it' })),
    priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'the smallest is spent first' })),
    expiresAt: Type.Optional(Time),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
);
const Grant = Type.Object({
  id: Type.String(),
  available: Amount,
  priority: Type.Integer(),
  expiresAt: Type.Optional(Time),
  note: Type.String(),
  createdAt: Time,
});
const Wallet = Type.Object({
  org: Type.String(),
  available: Amount,
  held: Type.String({ description: "held by gateways for calls; what they don't spend comes back" }),
  owed: Type.String({ description: 'used beyond credit: paid first by credit that comes' }),
  grants: Type.Array(Grant, { description: 'in the order in which they are spent' }),
});
const UNBILLED_MAX = 1_000;
const Book = Type.Object({
  transactions: Type.Integer(),
  headHash: Type.String(),
  faults: Type.Array(Type.String()),
  unbilled: Type.Array(Type.String(), { description: `calls that are owed and not in the book, by their ids; at most ${UNBILLED_MAX}` }),
});

interface Credit {
  readonly grants: readonly WalletGrant[];
  readonly heldMicros: bigint;
  readonly owedMicros: bigint;
}

function walletView(org: string, { grants, heldMicros, owedMicros }: Credit) {
  return {
    org,
    available: formatMicros(grants.reduce((sum, { balanceMicros }) => sum + balanceMicros, 0n)),
    held: formatMicros(heldMicros),
    owed: formatMicros(owedMicros),
    grants: grants.map(({ id, balanceMicros, priority, expiresAt, note, createdAt }) => ({
      id,
      available: formatMicros(balanceMicros),
      priority,
      ...(expiresAt !== undefined && { expiresAt }),
      note,
      createdAt,
    })),
  };
}

/** `/api/v1/wallet`, `/api/v1/credits` and `/api/v1/ledger` */
export function ledgerRoutes(ledger: Ledger, organisations: Organisations, bills: Bills): FastifyPluginCallbackTypebox {
  const creditOf = async (orgId: string): Promise<Credit> => ({ grants: await ledger.wallet(orgId), heldMicros: await bills.held(orgId), owedMicros: await ledger.owed(orgId) });
  return (app, _options, done) => {
    const Query = Type.Object({ org: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'another organisation; operators only' })) }, closed);
    app.get('/wallet', { config: { scope: 'usage' }, schema: { operationId: 'getWallet', querystring: Query, response: { 200: Wallet } } }, async ({ caller, query }) => {
      const isOther = query.org !== undefined && caller.scopes.includes('operator');
      const { id, name } = isOther ? await organisations.byName(query.org ?? '') : { id: caller.orgId, name: caller.orgName };
      return walletView(name, await creditOf(id));
    });
    app.post('/credits', { config: { scope: 'operator' }, schema: { operationId: 'credit', body: Order, response: { 201: Wallet } } }, async ({ body }, reply) => {
      const amountMicros = parseMicros(body.amount);
      if (amountMicros === undefined || amountMicros <= 0n)
        throw invalid(`"amount" is "${body.amount}"; it must be a number above 0 with at most six digits behind the point.`, 'amount');
      if (amountMicros > CREDIT_MICROS_MAX) throw invalid(`"amount" is "${body.amount}"; it may be at most 1000000000000.`, 'amount');
      const { id: orgId, name } = await organisations.byName(body.org);
      const { id, given = false, priority = given ? 1 : PAID_PRIORITY, expiresAt, note = '' } = body;
      await ledger.credit({ id, orgId, amountMicros, priority, expiresAt, note, isPaid: !given });
      return reply.code(201).send(walletView(name, await creditOf(orgId)));
    });
    app.get('/ledger/check', { config: { scope: 'operator' }, schema: { operationId: 'checkLedger', response: { 200: Book } } }, async () => {
      const { faults, ...book } = await ledger.check();
      return { ...book, faults: [...faults], unbilled: [...(await bills.unbilled(UNBILLED_MAX))] };
    });
    app.post('/ledger/rebuild', { config: { scope: 'operator' }, schema: { operationId: 'rebuildLedger', response: { 204: Type.Null() } } }, async (_request, reply) => {
      await ledger.rebuild();
      return reply.code(204).send(null);
    });
    done();
  };
}
