import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const nothing = { home: undefined, port: undefined, logLevel: undefined, all: {} };

test('X42: without flags it listens on loopback only, and beyond it only when told that this is meant', () => {
  expect(loadConfig({}, nothing)).toMatchObject({ host: '127.0.0.1', port: 8420, exposure: { publicHosts: [] } });
  expect(() => loadConfig({ host: '0.0.0.0' }, nothing)).toThrow('--insecure-http');
  expect(loadConfig({ host: '0.0.0.0', insecureHttp: true, publicHost: ['Models.example.org'] }, nothing).exposure.publicHosts).toEqual(
    expect.arrayContaining(['models.example.org', '127.0.0.1']),
  );
});

test('a flag goes before the environment, and what is no port is refused', () => {
  expect(loadConfig({ port: '9000' }, { ...nothing, port: '9001' }).port).toBe(9000);
  expect(loadConfig({}, { ...nothing, port: '9001' }).port).toBe(9001);
  for (const port of ['99999', '-1', 'http', '80.5']) expect(() => loadConfig({ port }, nothing), port).toThrow('not a port');
});
