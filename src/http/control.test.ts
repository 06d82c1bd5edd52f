import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { type ControlOptions, createControl } from './control.ts';

const failures: Fault[] = [];
const options = (
  domains: ControlOptions['domains'],
  authenticate: ControlOptions['authenticate'] = () => {
    throw new Fault('unauthenticated', 'no', 'No.');
  },
): ControlOptions => ({
  clock: systemClock,
  authenticate,
  exposure: { addressOf: () => 'test' },
  version: 'test',
  domains,
  operations: { live: () => true, ready: () => ({ ready: true, status: 'ready', reasons: [] }), metrics: async () => '' },
  failed: (fault) => failures.push(fault),
  createServer: (handler) => createServer(handler),
});

test('X47: a route that names no scope stops the start', async () => {
  await expect(
    createControl(
      options([
        (app, _options, done) => {
          try {
            app.get('/open', async () => 'x');
            done();
          } catch (error) {
            done(error as Error);
          }
        },
      ]),
    ),
  ).rejects.toThrow('names no scope');
});

test('X47: an authentication that itself breaks lets nobody in, and tells nobody why', async () => {
  let reached = false;
  const app = await createControl(
    options(
      [
        (scoped, _options, done) => {
          scoped.get('/closed', { config: { scope: 'operator' } }, async () => (reached = true));
          done();
        },
      ],
      () => {
        throw new TypeError('the feed is broken at /srv/x.ts');
      },
    ),
  );
  const response = await app.inject({ url: '/api/v1/closed', headers: { host: 'localhost' } });
  expect([response.statusCode, reached]).toEqual([500, false]);
  expect(response.body).not.toContain('/srv');
  expect(failures.at(-1)?.kind).toBe('internal');
  await app.close();
});

test('X9: every route but the public ones asks for a key, by HEAD too', async () => {
  const app = await createControl(options([]));
  for (const url of ['/metrics']) {
    for (const method of ['GET', 'HEAD'] as const) expect((await app.inject({ url, method })).statusCode, `${method} ${url}`).toBe(401);
  }
  for (const url of ['/live', '/ready', '/openapi.json']) expect((await app.inject({ url })).statusCode, url).toBe(200);
  await app.close();
});
