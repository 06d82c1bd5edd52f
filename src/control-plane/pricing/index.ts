export { isAboveNothing, type PriceVersion, pricePerUnit, rises } from './model.ts';
export { type Asked, Pricing } from './service.ts';
