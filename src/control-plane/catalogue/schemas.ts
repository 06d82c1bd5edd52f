import { type Static, Type } from 'typebox';
import { formatMicros, parseMicros } from '../../base/money.ts';
import { PRICE_UNITS, type PriceUnit, type Rates, readRates, writeRates } from '../../contract/price.ts';
import type { PriceVersion } from '../pricing/index.ts';
import { LISTING_STATES, PLAN_KINDS, type PricedPlan, QUOTA_PERIODS, QUOTA_UNITS, UNIT_NAMES, VISIBILITIES } from './model.ts';
import type { Margin } from './ports.ts';
import type { Hit } from './search-service.ts';
import type { ListingView } from './service.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
/** No exponent, no sign, no more digits than a micro-unit has: what does not fit can't be a price (M27). */
const Amount = Type.String({ pattern: '^[0-9]{1,9}([.][0-9]{1,6})?$', description: 'of the currency, at most six digits behind the point: "0.50"' });
const Money = Type.String({ description: 'of the currency, a decimal number' });

const RatesSchema = Type.Object(
  Object.fromEntries(UNIT_NAMES.map((unit) => [unit, Type.Optional(Type.String({ ...Amount, description: `of the currency, for ${PRICE_UNITS[unit]}` }))])) as Record<
    PriceUnit,
    ReturnType<typeof Type.Optional<typeof Amount>>
  >,
  closed,
);
const Limits = Type.Object(
  {
    requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    tokensPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  },
  closed,
);
const QuotaSchema = Type.Object(
  {
    unit: Type.Enum([...QUOTA_UNITS]),
    amount: Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 }),
    period: Type.Enum([...QUOTA_PERIODS], { description: 'days and months begin at midnight UTC' }),
  },
  closed,
);
const Texts = {
  title: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
  summary: Type.Optional(Type.String({ maxLength: 500 })),
  card: Type.Optional(Type.String({ maxLength: 65_536, description: 'Markdown; unless told otherwise what the model version has' })),
  licence: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  tags: Type.Optional(Type.Array(Type.String({ pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N} ._-]{0,39}$' }), { maxItems: 20, uniqueItems: true })),
  visibility: Type.Optional(Type.Enum([...VISIBILITIES])),
  visibleTo: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { maxItems: 1_000, uniqueItems: true, description: 'organisations that see it while it is private' }),
  ),
};

export const ListingParam = Type.Object({ id: Type.String({ minLength: 1, maxLength: 160, description: "the listing's id, or its deployment's name" }) });
export const PlanParam = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const NewListing = Type.Object({ deployment: Type.String({ minLength: 1, maxLength: 140 }), ...Texts }, closed);
export const ListingPatch = Type.Object(Texts, closed);
export const Approval = Type.Object({ publisherShareBasisPoints: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })) }, closed);
export const Rejection = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500 }) }, closed);
export const Nothing = Type.Object({}, closed);
export const NewPlan = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    kind: Type.Enum([...PLAN_KINDS]),
    quota: Type.Optional(QuotaSchema),
    rates: Type.Optional(RatesSchema),
    limits: Type.Optional(Limits),
  },
  closed,
);
export const PlanPatch = Type.Object({ open: Type.Boolean({ description: 'whether it takes new subscriptions' }) }, closed);
export const NewPrice = Type.Object({ rates: RatesSchema, confirm: Type.Optional(Type.Boolean({ description: 'a change of more than ten times is meant' })) }, closed);
export const ListQuery = Type.Object({ state: Type.Optional(Type.Enum([...LISTING_STATES])) }, closed);
export const Query = Type.Object(
  {
    q: Type.Optional(Type.String({ maxLength: 200, description: 'words over name, title, summary, tags, task and licence; all must fit' })),
    task: Type.Optional(Type.String({ maxLength: 40 })),
    licence: Type.Optional(Type.String({ maxLength: 100 })),
    free: Type.Optional(Type.Boolean()),
    maxPrice: Type.Optional(Amount),
    unit: Type.Optional(Type.Enum([...UNIT_NAMES], { description: 'of maxPrice' })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  closed,
);

export const PriceSchema = Type.Object({
  version: Type.String(),
  number: Type.Integer(),
  currency: Type.Optional(Type.String()),
  rates: Type.Optional(RatesSchema),
  problem: Type.Optional(Type.String({ description: 'why it can not be sold by' })),
  createdAt: Time,
});
export const PlanSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.Enum([...PLAN_KINDS]),
  open: Type.Boolean(),
  quota: Type.Optional(QuotaSchema),
  limits: Limits,
  price: Type.Optional(PriceSchema),
});
const MarginSchema = Type.Object({
  per: Type.Enum(['thousand_calls', 'million_tokens']),
  price: Money,
  margin: Type.Optional(Money),
  share: Type.Optional(Type.Number({ description: 'margin over price' })),
  breakEvenUtilisation: Type.Optional(Type.Number({ description: 'above 1: the price does not pay at any load' })),
  warning: Type.Optional(Type.String()),
});
const Own = Type.Object(
  {
    visibleTo: Type.Array(Type.String()),
    publisherShareBasisPoints: Type.Optional(Type.Integer({ description: "absent: as the operator's file says" })),
    reason: Type.String({ description: 'why it was rejected' }),
    margin: Type.Optional(MarginSchema),
  },
  { description: 'for the owner and operators' },
);
const common = {
  id: Type.String(),
  deployment: Type.String(),
  title: Type.String(),
  summary: Type.String(),
  licence: Type.String(),
  tags: Type.Array(Type.String()),
  task: Type.Optional(Type.String()),
  visibility: Type.Enum([...VISIBILITIES]),
  state: Type.Enum([...LISTING_STATES]),
  plans: Type.Array(PlanSchema),
  createdAt: Time,
  updatedAt: Time,
};
export const ListingSchema = Type.Object({ ...common, card: Type.String(), own: Type.Optional(Own) });
export const ListingRow = Type.Object({ ...common, own: Type.Optional(Own) });
export const Found = Type.Object({ data: Type.Array(Type.Object(common)), total: Type.Integer() });
export const Repricing = Type.Object({
  price: PriceSchema,
  movedNow: Type.Integer({ description: 'subscriptions that are on it at once' }),
  movedLater: Type.Integer({ description: 'subscriptions that come to it after notice' }),
  effectiveAt: Type.Optional(Time),
  warning: Type.Optional(Type.String({ description: 'it is under what the deployment costs' })),
});

/** @throws Fault for none: the schema has let decimal numbers through only */
export function ratesOf(written: Static<typeof RatesSchema>): Rates {
  return Object.fromEntries(Object.entries(written).map(([unit, amount]) => [unit, parseMicros(amount) ?? -1n]));
}

export function priceView(version: PriceVersion): Static<typeof PriceSchema> {
  const { id, number, price, problem, createdAt } = version;
  if (!price) return { version: id, number, ...(problem !== undefined && { problem }), createdAt };
  // Read again, so that units are in one order.
  const rates = Object.entries(readRates(writeRates(price.rates)) ?? {}).map(([unit, micros]) => [unit, formatMicros(micros)] as const);
  return { version: id, number, currency: price.currency, rates: Object.fromEntries(rates), createdAt };
}

export function planView({ id, name, kind, isOpen, quota, limits, version }: PricedPlan): Static<typeof PlanSchema> {
  return { id, name, kind, open: isOpen, ...(quota && { quota: { ...quota, amount: Number(quota.amount) } }), limits, ...(version && { price: priceView(version) }) };
}

function marginView({ price, marginMicros, marginShare, breakEvenUtilisation, warning }: Margin): Static<typeof MarginSchema> {
  return {
    per: price.per,
    price: formatMicros(price.micros),
    ...(marginMicros !== undefined && { margin: formatMicros(marginMicros) }),
    ...(marginShare !== undefined && { share: marginShare }),
    ...(breakEvenUtilisation !== undefined && { breakEvenUtilisation }),
    ...(warning !== undefined && { warning }),
  };
}

export function hitView(listing: Pick<ListingView, keyof Hit> | Hit): Static<typeof Found>['data'][number] {
  const { id, deployment, title, summary, licence, tags, task, visibility, state, plans, createdAt, updatedAt } = listing;
  return { id, deployment, title, summary, licence, tags: [...tags], ...(task !== undefined && { task }), visibility, state, plans: plans.map(planView), createdAt, updatedAt };
}

export function rowView(listing: ListingView): Static<typeof ListingRow> {
  const { visibleTo, publisherBasisPoints, reason, margin, isOwn } = listing;
  if (!isOwn) return hitView({ ...listing, plans: listing.plans.filter((plan) => plan.isOpen) });
  const own = {
    visibleTo: [...visibleTo],
    ...(publisherBasisPoints !== undefined && { publisherShareBasisPoints: publisherBasisPoints }),
    reason,
    ...(margin && { margin: marginView(margin) }),
  };
  return { ...hitView(listing), own };
}

export function listingView(listing: ListingView): Static<typeof ListingSchema> {
  return { ...rowView(listing), card: listing.card };
}
