import { describe, expect, test } from 'vitest';
import { isOffered, isSellable, LISTING_STATES, moved, type PricedPlan, singleRate } from './model.ts';
import { score, wordsOf } from './search.ts';

describe('search', () => {
  const bot = { name: 'acme/haiku-bot', title: 'Haiku bot', summary: 'Writes short poems about anything', tags: ['poetry', '日本語'], task: 'chat', licence: 'MIT' };

  test('all words must be somewhere; where they are found decides who comes first', () => {
    const fit = (query: string) => score(bot, wordsOf(query));
    expect(fit('haiku mit chat')).toBeGreaterThan(0);
    expect(fit('haiku nowhere')).toBe(0);
    expect(fit('haiku')).toBeGreaterThan(fit('poetry'));
    expect(fit('poetry')).toBeGreaterThan(fit('poems'));
    // A whole word before how one begins, and that before what is inside one.
    expect([fit('poems') > fit('poem'), fit('poem') > fit('oem'), fit('oem') > 0]).toEqual([true, true, true]);
    expect(fit('本')).toBeGreaterThan(0);
    expect(fit('')).toBe(1);
  });

  test('a query is so many words at most, each once', () => {
    expect(wordsOf('Poetry, POETRY! (bot)')).toEqual(['poetry', 'bot']);
    expect(wordsOf(Array.from({ length: 100 }, (_, index) => `w${index}`).join(' '))).toHaveLength(16);
  });
});

describe('a listing', () => {
  test('moves between its states; a public one only by approval', () => {
    const from = (move: Parameters<typeof moved>[1], visibility: 'private' | 'public') => LISTING_STATES.map((state) => moved({ state, visibility }, move));
    // draft, pending, listed, rejected, withdrawn
    expect(from('submit', 'public')).toEqual(['pending', undefined, undefined, 'pending', 'pending']);
    expect(from('submit', 'private')).toEqual(['listed', undefined, undefined, 'listed', 'listed']);
    expect(from('approve', 'public')).toEqual([undefined, 'listed', 'listed', undefined, undefined]);
    expect(from('reject', 'public')).toEqual([undefined, 'rejected', 'rejected', undefined, undefined]);
    expect(from('withdraw', 'public')).toEqual(['withdrawn', 'withdrawn', 'withdrawn', undefined, undefined]);
  });

  test('X8: is on offer when it is listed, to all or to those that it names', () => {
    const offered = (orgName: string, listing: Partial<Parameters<typeof isOffered>[1]>) =>
      isOffered({ orgName }, { state: 'listed', visibility: 'private', visibleTo: ['acme'], ...listing });
    expect([offered('acme', {}), offered('rival', {}), offered('rival', { visibility: 'public' })]).toEqual([true, false, true]);
    for (const state of LISTING_STATES.filter((one) => one !== 'listed')) expect(offered('acme', { state, visibility: 'public' }), state).toBe(false);
  });
});

describe('a price', () => {
  const plan = (kind: 'free' | 'pay_per_use', rates?: Record<string, bigint>): Pick<PricedPlan, 'kind' | 'version'> => {
    const about = { id: 'p', planId: 'plan', number: 1, publisher: 'org', createdBy: 'key', createdAt: 0 };
    const price = rates && { id: 'p', currency: 'EUR', rates, publisher: 'org', publisherBasisPoints: 0, taxBasisPoints: 0 };
    return { kind, version: price ? { ...about, price } : { ...about, problem: 'malformed' } };
  };

  test('M27: of nothing sells a free plan only, and one that can’t be read sells none', () => {
    expect([isSellable(plan('free', {})), isSellable(plan('pay_per_use', { requests: 1n }))]).toEqual([true, true]);
    for (const bad of [plan('free'), plan('pay_per_use'), plan('pay_per_use', {}), plan('pay_per_use', { requests: 0n }), { kind: 'free', version: undefined } as const])
      expect(isSellable(bad)).toBe(false);
  });

  test('is one figure for costing where it can be said as one', () => {
    expect(singleRate({ requests: 5n })).toEqual({ per: 'thousand_calls', micros: 5n });
    expect(singleRate({ input_tokens: 5n, output_tokens: 5n, requests: 0n })).toEqual({ per: 'million_tokens', micros: 5n });
    for (const rates of [
      {},
      { input_tokens: 5n },
      { input_tokens: 5n, output_tokens: 6n },
      { input_tokens: 5n, output_tokens: 5n, cached_tokens: 1n },
      { input_tokens: 5n, output_tokens: 5n, rows: 1n },
      { rows: 1n },
    ])
      expect(singleRate(rates)).toBeUndefined();
  });
});
