import type { CallerEntry, Offer, RoutesFeed } from './feeds.ts';
import { type Price, readRates, writeRates } from './price.ts';

/** Feeds as text: what gateways in other processes read, and keep on disk. Amounts are decimal digits. */

type Written = Omit<CallerEntry, 'offers' | 'allowedModels' | 'expiresAtMs'> & {
  readonly allowedModels: readonly string[] | null;
  readonly expiresAtMs: number | null;
  readonly offers: readonly (Omit<Offer, 'price'> & { readonly price: string | (Omit<Price, 'rates'> & { readonly rates: Readonly<Record<string, string>> }) })[];
};

export function writeCaller(entry: CallerEntry): string {
  const offers = entry.offers.map(({ price, ...offer }) => ({ ...offer, price: typeof price === 'string' ? price : { ...price, rates: writeRates(price.rates) } }));
  const written: Written = { ...entry, allowedModels: entry.allowedModels ?? null, expiresAtMs: entry.expiresAtMs ?? null, offers };
  return JSON.stringify(written);
}

/** Of what `writeCaller` wrote. A price whose rates can't be read is no price (M27). */
export function readCaller(text: string): CallerEntry {
  const { offers, allowedModels, expiresAtMs, ...entry } = JSON.parse(text) as Written;
  return {
    ...entry,
    allowedModels: allowedModels ?? undefined,
    expiresAtMs: expiresAtMs ?? undefined,
    offers: offers.map((offer) => ({ ...offer, price: readPrice(offer.price) })),
  };
}

function readPrice(written: Written['offers'][number]['price']): Offer['price'] {
  if (typeof written === 'string') return written === 'unpriced' ? 'unpriced' : 'unavailable';
  const rates = readRates(written.rates);
  return rates ? { ...written, rates } : 'unavailable';
}

export function writeRoutes(feed: RoutesFeed): string {
  return JSON.stringify(feed);
}

export function readRoutes(text: string): RoutesFeed {
  return JSON.parse(text) as RoutesFeed;
}
