import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { parseMicros } from '../../base/money.ts';
import {
  Approval,
  Found,
  hitView,
  ListingParam,
  ListingPatch,
  ListingRow,
  ListingSchema,
  listingView,
  ListQuery,
  NewListing,
  NewPlan,
  NewPrice,
  Nothing,
  PlanParam,
  PlanPatch,
  PlanSchema,
  planView,
  PriceSchema,
  priceView,
  Query,
  ratesOf,
  Rejection,
  Repricing,
  rowView,
} from './schemas.ts';
import type { Catalogue } from './service.ts';

const HITS_DEFAULT = 20;
const list = <T extends Parameters<typeof Type.Array>[0]>(of: T) => ({ 200: Type.Object({ data: Type.Array(of) }) });

/** `/api/v1/{listings,plans,search}` */
export function catalogueRoutes(catalogue: Catalogue): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    app.get(
      '/search',
      { config: { scope: 'models.read' }, schema: { operationId: 'searchListings', querystring: Query, response: { 200: Found } } },
      async ({ caller, query: { q, free, maxPrice, offset = 0, limit = HITS_DEFAULT, ...filters } }) => {
        const maxPriceMicros = maxPrice === undefined ? undefined : parseMicros(maxPrice);
        const asked = { ...filters, ...(q !== undefined && { words: q }), ...(free === true && { isFree: true }), ...(maxPriceMicros !== undefined && { maxPriceMicros }) };
        const { hits, total } = await catalogue.search(caller, { ...asked, offset, limit });
        return { data: hits.map(hitView), total };
      },
    );
    app.get(
      '/listings',
      { config: { scope: 'models.read' }, schema: { operationId: 'listListings', querystring: ListQuery, response: list(ListingRow) } },
      async ({ caller, query }) => ({ data: (await catalogue.list(caller, query.state)).map(rowView) }),
    );
    app.get(
      '/listings/:id',
      { config: { scope: 'models.read' }, schema: { operationId: 'getListing', params: ListingParam, response: { 200: ListingSchema } } },
      async ({ caller, params }) => listingView(await catalogue.get(caller, params.id)),
    );
    app.post(
      '/listings',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'createListing', body: NewListing, response: { 201: ListingSchema } } },
      async ({ caller, body }, reply) => {
        reply.code(201);
        return listingView(await catalogue.create(caller, body));
      },
    );
    app.patch(
      '/listings/:id',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'updateListing', params: ListingParam, body: ListingPatch, response: { 200: ListingSchema } } },
      async ({ caller, params, body }) => listingView(await catalogue.update(caller, params.id, body)),
    );
    app.register(moveRoutes(catalogue));
    app.register(planRoutes(catalogue));
    done();
  };
}

/** `/api/v1/listings/{id}/{submit,approve,reject,withdraw}` */
function moveRoutes(catalogue: Catalogue): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const answer = { 200: ListingSchema };
    app.post(
      '/listings/:id/submit',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'submitListing', params: ListingParam, body: Nothing, response: answer } },
      async ({ caller, params }) => listingView(await catalogue.move(caller, params.id, 'submit')),
    );
    app.post(
      '/listings/:id/withdraw',
      { config: { scope: 'deployments.write' }, schema: { operationId: 'withdrawListing', params: ListingParam, body: Nothing, response: answer } },
      async ({ caller, params }) => listingView(await catalogue.move(caller, params.id, 'withdraw')),
    );
    app.post(
      '/listings/:id/approve',
      { config: { scope: 'operator' }, schema: { operationId: 'approveListing', params: ListingParam, body: Approval, response: answer } },
      async ({ caller, params, body }) => listingView(await catalogue.approve(caller, params.id, body.publisherShareBasisPoints)),
    );
    app.post(
      '/listings/:id/reject',
      { config: { scope: 'operator' }, schema: { operationId: 'rejectListing', params: ListingParam, body: Rejection, response: answer } },
      async ({ caller, params, body }) => listingView(await catalogue.move(caller, params.id, 'reject', body.reason)),
    );
    done();
  };
}

/** `/api/v1/listings/{id}/plans` and `/api/v1/plans/{id}` */
function planRoutes(catalogue: Catalogue): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const scope = 'deployments.write' as const;
    app.post(
      '/listings/:id/plans',
      { config: { scope }, schema: { operationId: 'addPlan', params: ListingParam, body: NewPlan, response: { 201: PlanSchema } } },
      async ({ caller, params, body: { rates, quota, ...plan } }, reply) => {
        const order = { ...plan, ...(rates && { rates: ratesOf(rates) }), ...(quota && { quota: { ...quota, amount: BigInt(quota.amount) } }) };
        reply.code(201);
        return planView(await catalogue.plans.add(caller, params.id, order));
      },
    );
    app.patch(
      '/plans/:id',
      { config: { scope }, schema: { operationId: 'updatePlan', params: PlanParam, body: PlanPatch, response: { 200: PlanSchema } } },
      async ({ caller, params, body }) => planView(await catalogue.plans.open(caller, params.id, body.open)),
    );
    app.get('/plans/:id/prices', { config: { scope }, schema: { operationId: 'listPrices', params: PlanParam, response: list(PriceSchema) } }, async ({ caller, params }) => ({
      data: (await catalogue.plans.versions(caller, params.id)).map(priceView),
    }));
    app.put(
      '/plans/:id/price',
      { config: { scope }, schema: { operationId: 'setPrice', params: PlanParam, body: NewPrice, response: { 200: Repricing } } },
      async ({ caller, params, body }) => {
        const { version, movedNow, movedLater, effectiveAt, warning } = await catalogue.setPrice(caller, params.id, {
          rates: ratesOf(body.rates),
          isConfirmed: body.confirm ?? false,
        });
        return { price: priceView(version), movedNow, movedLater, ...(effectiveAt !== undefined && { effectiveAt }), ...(warning !== undefined && { warning }) };
      },
    );
    done();
  };
}
