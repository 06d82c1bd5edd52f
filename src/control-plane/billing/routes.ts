import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { formatMicros, parseMicros } from '../../base/money.ts';
import { invalid } from '../../contract/errors.ts';
import { operatorOnly } from './errors.ts';
import type { Leasing } from './leasing.ts';
import type { Organisations } from './ports.ts';
import type { Refund, Refunds } from './refunds.ts';

export interface BillingRoutesOptions {
  readonly refunds: Refunds;
  readonly leasing: Leasing;
  readonly organisations: Organisations;
  /** This server's own gateway. */
  readonly ownGateway: string;
}

const closed = { additionalProperties: false } as const;
const Amount = Type.String({ minLength: 1, maxLength: 32, description: 'a decimal number, at most six digits behind the point' });
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'its own name: the same one again changes nothing' });
const Time = Type.Integer({ description: 'milliseconds since 1970' });
const RefundOrder = Type.Object(
  {
    id: Id,
    charge: Type.String({ minLength: 1, maxLength: 64, description: "the call's id" }),
    amount: Type.Optional(Amount),
    percent: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'of the whole charge, to two digits behind the point' })),
    reason: Type.String({ minLength: 1, maxLength: 500 }),
    fromPlatform: Type.Optional(Type.Boolean({ description: "the platform bears the publisher's share too; operators only" })),
  },
  closed,
);
const RefundView = Type.Object({
  id: Type.String(),
  charge: Type.String(),
  amount: Amount,
  publisher: Type.String({ description: 'borne by the publisher' }),
  platform: Type.String(),
  tax: Type.String(),
  refunded: Type.String({ description: 'of the charge, this one and those before' }),
});
const PayOutOrder = Type.Object({ id: Id, org: Type.String({ minLength: 1, maxLength: 63 }), amount: Amount }, closed);
const PayOutView = Type.Object({ id: Type.String(), org: Type.String(), amount: Amount, left: Type.String({ description: 'earned and not paid out' }) });
const Gateway = Type.Object({
  name: Type.String(),
  epoch: Type.Integer({ description: 'grows each time it starts' }),
  startedAt: Time,
  seenAt: Time,
  leases: Type.Integer({ description: 'open' }),
  held: Type.String({ description: 'credit that its leases hold' }),
});

function amountOf(text: string): bigint {
  const micros = parseMicros(text);
  if (micros === undefined || micros <= 0n) throw invalid(`"amount" is "${text}"; it must be a number above 0 with at most six digits behind the point.`, 'amount');
  return micros;
}

function refundAmount({ amount, percent }: { readonly amount?: string; readonly percent?: number }): { readonly micros: bigint } | { readonly basisPoints: number } {
  if ((amount === undefined) === (percent === undefined)) throw invalid('A refund has either "amount" or "percent".', 'amount');
  if (amount !== undefined) return { micros: amountOf(amount) };
  const basisPoints = Math.round((percent ?? 0) * 100);
  if (basisPoints < 1) throw invalid(`"percent" is ${percent}; it must be at least 0.01.`, 'percent');
  return { basisPoints };
}

function refundView({ id, charge, ...amounts }: Refund) {
  return {
    id,
    charge,
    amount: formatMicros(amounts.amountMicros),
    publisher: formatMicros(amounts.publisherMicros),
    platform: formatMicros(amounts.platformMicros),
    tax: formatMicros(amounts.taxMicros),
    refunded: formatMicros(amounts.refundedMicros),
  };
}

/** `/api/v1/refunds`, `/api/v1/payouts` and `/api/v1/gateways` */
export function billingRoutes({ refunds, leasing, organisations, ownGateway }: BillingRoutesOptions): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.post(
      '/refunds',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'refund', body: RefundOrder, response: { 201: RefundView } } },
      async ({ caller, body }, reply) => {
        const { id, charge, reason, fromPlatform = false, ...of } = body;
        if (fromPlatform && !caller.scopes.includes('operator')) throw operatorOnly('Only an operator refunds from the platform.');
        return reply.code(201).send(refundView(await refunds.refund(caller, { id, charge, reason, fromPlatform, amount: refundAmount(of) })));
      },
    );
    app.post('/payouts', { config: { scope: 'operator' }, schema: { operationId: 'payOut', body: PayOutOrder, response: { 201: PayOutView } } }, async ({ body }, reply) => {
      const amountMicros = amountOf(body.amount);
      const { id: orgId, name: orgName } = await organisations.byName(body.org);
      const left = await refunds.payOut({ id: body.id, orgId, orgName, amountMicros });
      return reply.code(201).send({ id: body.id, org: orgName, amount: formatMicros(amountMicros), left: formatMicros(left) });
    });
    app.get('/gateways', { config: { scope: 'operator' }, schema: { operationId: 'listGateways', response: { 200: Type.Object({ data: Type.Array(Gateway) }) } } }, async () => ({
      data: (await leasing.gateways()).map(({ heldMicros, ...gateway }) => ({ ...gateway, held: formatMicros(heldMicros) })),
    }));
    const Params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });
    const Force = Type.Object({ force: Type.Optional(Type.Boolean({ description: 'although it was seen just now' })) }, closed);
    app.post(
      '/gateways/:name/abandon',
      {
        config: { scope: 'operator' },
        schema: { operationId: 'abandonGateway', params: Params, body: Force, response: { 200: Type.Object({ leases: Type.Integer({ description: 'taken back' }) }) } },
      },
      async ({ params, body }) => ({ leases: await leasing.abandon(params.name, { own: ownGateway, force: body.force ?? false }) }),
    );
    done();
  };
}
