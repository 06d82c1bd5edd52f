import { describe, expect, test } from 'vitest';
import type { DeploymentRoute, RevisionRoute } from '../../contract/feeds.ts';
import type { Caller, DecodedRequest } from '../call.ts';
import type { Routes } from '../ports.ts';
import { resolve } from './resolve.ts';
import { Split } from './split.ts';

const CALLS = 10_000;
const revision = (id: string, weight: number): RevisionRoute => ({
  id,
  model: 'm',
  version: 1,
  weight,
  task: 'chat',
  dialect: 'openai',
  platform: 'test',
  signature: undefined,
  maxBatchSize: 1,
  contextLength: undefined,
  state: 'ready',
  reason: '',
  replicas: [],
});
const caller: Caller = {
  hash: '',
  keyId: 'k',
  orgId: 'o',
  orgName: 'acme',
  scopes: ['inference'],
  allowedModels: undefined,
  expiresAtMs: undefined,
  limits: {},
  budgets: [],
  offers: [{ deployments: { of: 'all' }, price: 'unpriced' }],
};

function routes(canary: number): Routes {
  const deployment: DeploymentRoute = { name: 'm', orgId: 'o', orgName: 'acme', createdAtMs: 0, revisions: [revision('new', canary), revision('old', 100 - canary)] };
  return { received: true, find: () => deployment, list: () => [deployment] };
}

function asked(session: string | undefined, canary: number, split: Split): string {
  const request: DecodedRequest = {
    model: 'm',
    session,
    needs: 'chat',
    bounds: { promptTokens: 0, completionTokens: 0, answers: 1 },
    work: () => ({ kind: 'forward', path: '', body: Buffer.alloc(0), stream: false }),
  };
  return resolve(caller, request, routes(canary), split).revision.id;
}

describe('S14: the split of a canary', () => {
  test.each([5, 25, 50])('holds within one point over 10,000 calls at %i %%, with sessions and without', (share) => {
    const split = new Split();
    const shareOf = (session: (index: number) => string | undefined) =>
      (100 * Array.from({ length: CALLS }, (_, index) => asked(session(index), share, split)).filter((id) => id === 'new').length) / CALLS;
    expect(Math.abs(shareOf((index) => `user-${index}`) - share)).toBeLessThan(1);
    expect(Math.abs(shareOf(() => undefined) - share)).toBeLessThan(0.1);
  });

  test('a session stays where it is, and one that has come to the new revision stays there while its share grows', () => {
    const split = new Split();
    for (let index = 0; index < 500; index++) {
      const session = `user-${index}`;
      const at5 = asked(session, 5, split);
      expect(asked(session, 5, split)).toBe(at5);
      if (at5 === 'new') expect(asked(session, 25, split)).toBe('new');
    }
  });
});
