import { expect, test } from 'vitest';
import { writeCaller } from '../../contract/feed-codec.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { ForeignCallers } from './foreign-callers.ts';

const entry = (more: Partial<CallerEntry> = {}): CallerEntry => ({
  hash: 'h',
  keyId: 'k',
  orgId: 'o',
  orgName: 'acme',
  scopes: ['inference'],
  allowedModels: undefined,
  expiresAtMs: undefined,
  limits: {},
  budgets: [],
  offers: [],
  ...more,
});

test('X4: a key that was revoked here is not brought back by the older row that comes by the feed', () => {
  const foreign = new ForeignCallers();
  const row = { hash: 'h', entry: writeCaller(entry()), version: 1 };
  foreign.changedHere('h', undefined);
  foreign.take(row, undefined);
  expect(foreign.find('h')).toBeUndefined();
  foreign.writtenHere('h', 2);
  foreign.take(row, undefined);
  expect(foreign.find('h')).toBeUndefined();
  foreign.take({ hash: 'h', entry: null, version: 2 }, undefined);
  expect(foreign.find('h')).toBeUndefined();
});

test('X4: one that was revoked elsewhere is refused, and no change of it here counts any more', () => {
  const foreign = new ForeignCallers();
  foreign.take({ hash: 'h', entry: null, version: 3 }, entry());
  expect(foreign.find('h')).toBeNull();
  expect(foreign.changedHere('h', entry({ limits: { concurrency: 1 } }))).toBe(false);
  expect(foreign.find('h')).toBeNull();
});

test('X4: one that was revoked elsewhere while it was changed here is refused, whichever was heard of first', () => {
  for (const isHeardFirst of [true, false]) {
    const foreign = new ForeignCallers();
    const row = { hash: 'h', entry: null, version: 3 };
    foreign.changedHere('h', entry());
    if (isHeardFirst) foreign.take(row, entry());
    foreign.writtenHere('h', undefined);
    if (!isHeardFirst) foreign.take(row, entry());
    expect(foreign.find('h')).toBeNull();
  }
});

test('what another server has changed lies over what this one knows, until this one changes it itself', () => {
  const foreign = new ForeignCallers();
  const other = entry({ limits: { concurrency: 7 } });
  foreign.take({ hash: 'h', entry: writeCaller(other), version: 4 }, entry());
  expect(foreign.find('h')).toEqual(other);
  expect(foreign.changedHere('h', entry())).toBe(true);
  expect(foreign.find('h')).toBeUndefined();
});
