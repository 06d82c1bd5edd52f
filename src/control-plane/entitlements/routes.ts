import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { formatMicros, parseMicros } from '../../base/money.ts';
import { priceView, PriceSchema } from '../catalogue/index.ts';
import { BUDGET_PERIODS } from './budget-model.ts';
import type { BudgetView, SpendingLimits } from './spending-limits.ts';
import type { Subscriptions, SubscriptionView } from './subscriptions.ts';

const closed = { additionalProperties: false } as const;
const scope = 'subscriptions' as const;
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const Amount = Type.String({ pattern: '^[0-9]{1,12}([.][0-9]{1,6})?$', description: 'of the currency, at most six digits behind the point' });
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const KeyIds = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  minItems: 1,
  maxItems: 1_000,
  uniqueItems: true,
  description: 'ids of keys; absent: all of the organisation',
});
const NewSubscription = Type.Object(
  {
    listing: Type.String({ minLength: 1, maxLength: 160, description: "its id, or its deployment's name" }),
    plan: Type.Optional(Type.String({ minLength: 1, maxLength: 32, description: 'its name; absent: the only one that is open' })),
    keys: Type.Optional(KeyIds),
  },
  closed,
);
const Binding = Type.Object({ keys: Type.Optional(KeyIds) }, closed);
const Nothing = Type.Object({}, closed);
const Used = Type.Object({
  unit: Type.Enum(['requests', 'tokens']),
  limit: Type.Integer(),
  used: Type.Integer(),
  leased: Type.Integer({ description: 'held by gateways for calls under way' }),
  period: Type.Enum([...BUDGET_PERIODS]),
});
const SubscriptionSchema = Type.Object({
  id: Type.String(),
  orgId: Type.String(),
  deployment: Type.String(),
  listing: Type.String(),
  plan: Type.String(),
  kind: Type.String(),
  state: Type.Enum(['active', 'cancelled']),
  keys: Type.Optional(Type.Array(Type.String(), { description: 'absent: all keys of the organisation' })),
  price: Type.Optional(PriceSchema),
  next: Type.Optional(Type.Object({ price: Type.Optional(PriceSchema), at: Time }, { description: 'the price that it comes to' })),
  quota: Type.Optional(Used),
  createdAt: Time,
  cancelledAt: Type.Optional(Time),
});
const Percents = Type.Array(Type.Integer({ minimum: 1, maximum: 1_000 }), { maxItems: 10, uniqueItems: true, description: 'shares of the limit that are told of, percent' });
const NewBudget = Type.Object(
  {
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'the id of a key; absent: of the whole organisation' })),
    limit: Amount,
    period: Type.Enum([...BUDGET_PERIODS], { description: 'days and months begin at midnight UTC' }),
    hard: Type.Optional(Type.Boolean({ description: 'calls beyond it are refused (unless told otherwise); if not, it only alerts' })),
    alertPercents: Type.Optional(Percents),
  },
  closed,
);
const BudgetPatch = Type.Object({ limit: Type.Optional(Amount), hard: Type.Optional(Type.Boolean()), alertPercents: Type.Optional(Percents) }, closed);
const BudgetSchema = Type.Object({
  id: Type.String(),
  orgId: Type.String(),
  key: Type.Optional(Type.String()),
  limit: Type.String(),
  used: Type.String(),
  leased: Type.String(),
  period: Type.Enum([...BUDGET_PERIODS]),
  hard: Type.Boolean(),
  alertPercents: Type.Array(Type.Integer()),
  since: Time,
  until: Type.Optional(Time),
});

const Subscriber = Type.Object({
  id: Type.String(),
  org: Type.String(),
  plan: Type.String(),
  priceVersion: Type.String(),
  state: Type.Enum(['active', 'cancelled']),
  createdAt: Time,
});

function subscriptionView(view: SubscriptionView): Static<typeof SubscriptionSchema> {
  const { id, orgId, deployment, listing, plan, isActive, allKeys, keys, price, nextPrice, next, quota, createdAt, cancelledAt } = view;
  return {
    id,
    orgId,
    deployment,
    listing: listing?.id ?? '',
    plan: plan?.name ?? '',
    kind: plan?.kind ?? '',
    state: isActive ? 'active' : 'cancelled',
    ...(!allKeys && { keys: [...keys] }),
    ...(price && { price: priceView(price) }),
    ...(next && { next: { ...(nextPrice && { price: priceView(nextPrice) }), at: next.at } }),
    ...(quota &&
      quota.unit !== 'micros' && {
        quota: { unit: quota.unit, limit: Number(quota.limitAmount), used: Number(quota.usedAmount), leased: Number(quota.leasedAmount), period: quota.period },
      }),
    createdAt,
    ...(cancelledAt !== undefined && { cancelledAt }),
  };
}

function budgetView({ id, orgId, keyId, limitAmount, usedAmount, leasedAmount, period, isHard, alertPercents, start, end }: BudgetView): Static<typeof BudgetSchema> {
  return {
    id,
    orgId,
    ...(keyId !== undefined && { key: keyId }),
    limit: formatMicros(limitAmount),
    used: formatMicros(usedAmount),
    leased: formatMicros(leasedAmount),
    period,
    hard: isHard,
    alertPercents: [...alertPercents],
    since: start,
    ...(end !== undefined && { until: end }),
  };
}

/** The schema has let decimal numbers through only. */
const micros = (amount: string) => parseMicros(amount) ?? 0n;
const list = <T extends Parameters<typeof Type.Array>[0]>(of: T) => ({ 200: Type.Object({ data: Type.Array(of) }) });

/** `/api/v1/subscriptions` and `/api/v1/budgets` */
export function subscriptionRoutes(subscriptions: Subscriptions, limits: SpendingLimits): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get('/subscriptions', { config: { scope }, schema: { operationId: 'listSubscriptions', response: list(SubscriptionSchema) } }, async ({ caller }) => ({
      data: (await subscriptions.list(caller)).map(subscriptionView),
    }));
    app.get(
      '/listings/:id/subscriptions',
      {
        config: { scope: 'deployments.write' },
        schema: { operationId: 'listSubscribers', params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 160 }) }), response: list(Subscriber) },
      },
      async ({ caller, params }) => ({
        data: (await subscriptions.subscribers(caller, params.id)).map(({ isActive, ...of }) => ({ ...of, state: isActive ? ('active' as const) : ('cancelled' as const) })),
      }),
    );
    app.get(
      '/subscriptions/:id',
      { config: { scope }, schema: { operationId: 'getSubscription', params: Id, response: { 200: SubscriptionSchema } } },
      async ({ caller, params }) => subscriptionView(await subscriptions.get(caller, params.id)),
    );
    app.post(
      '/subscriptions',
      { config: { scope }, schema: { operationId: 'subscribe', body: NewSubscription, response: { 201: SubscriptionSchema } } },
      async ({ caller, body }, reply) => {
        reply.code(201);
        return subscriptionView(await subscriptions.subscribe(caller, body));
      },
    );
    app.put(
      '/subscriptions/:id/keys',
      { config: { scope }, schema: { operationId: 'bindKeys', params: Id, body: Binding, response: { 200: SubscriptionSchema } } },
      async ({ caller, params, body }) => subscriptionView(await subscriptions.bind(caller, params.id, body.keys)),
    );
    app.post(
      '/subscriptions/:id/accept',
      { config: { scope }, schema: { operationId: 'acceptPrice', params: Id, body: Nothing, response: { 200: SubscriptionSchema } } },
      async ({ caller, params }) => subscriptionView(await subscriptions.accept(caller, params.id)),
    );
    app.delete(
      '/subscriptions/:id',
      { config: { scope }, schema: { operationId: 'cancelSubscription', params: Id, response: { 204: Type.Null() } } },
      async ({ caller, params }, reply) => {
        await subscriptions.cancel(caller, params.id);
        return reply.code(204).send(null);
      },
    );
    app.register(budgetRoutes(limits));
    done();
  };
}

function budgetRoutes(limits: SpendingLimits): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get('/budgets', { config: { scope }, schema: { operationId: 'listBudgets', response: list(BudgetSchema) } }, async ({ caller }) => ({
      data: (await limits.list(caller)).map(budgetView),
    }));
    app.post('/budgets', { config: { scope }, schema: { operationId: 'addBudget', body: NewBudget, response: { 201: BudgetSchema } } }, async ({ caller, body }, reply) => {
      const { key, limit, period, hard, alertPercents } = body;
      const order = { limitMicros: micros(limit), period, ...(key !== undefined && { key }), ...(hard !== undefined && { isHard: hard }), ...(alertPercents && { alertPercents }) };
      reply.code(201);
      return budgetView(await limits.add(caller, order));
    });
    app.patch(
      '/budgets/:id',
      { config: { scope }, schema: { operationId: 'updateBudget', params: Id, body: BudgetPatch, response: { 200: BudgetSchema } } },
      async ({ caller, params, body }) => {
        const { limit, hard, alertPercents } = body;
        const change = { ...(limit !== undefined && { limitMicros: micros(limit) }), ...(hard !== undefined && { isHard: hard }), ...(alertPercents && { alertPercents }) };
        return budgetView(await limits.update(caller, params.id, change));
      },
    );
    app.delete('/budgets/:id', { config: { scope }, schema: { operationId: 'removeBudget', params: Id, response: { 204: Type.Null() } } }, async ({ caller, params }, reply) => {
      await limits.remove(caller, params.id);
      return reply.code(204).send(null);
    });
    done();
  };
}
