export type { Listing, Plan, Quota, SingleRate, Viewer } from './model.ts';
export type { Contracts, Margin, Margins, Repriced } from './ports.ts';
export { catalogueRoutes } from './routes.ts';
export { PriceSchema, priceView } from './schemas.ts';
export { Catalogue } from './service.ts';
export { MarketSection, type MarketSettings, resolveMarket } from './settings.ts';
