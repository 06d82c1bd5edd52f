import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { type Network, parseNetwork } from '../base/ip.ts';
import { createExposure } from './exposure.ts';

const network = (text: string) => parseNetwork(text) as Network;
const request = (peer: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress: peer }, headers: { host: 'models.example', ...headers } }) as unknown as IncomingMessage;
const PROXIES = [network('10.0.0.0/8'), network('fd00::/8')];
const settings = { publicHosts: ['models.example'], httpsHosts: ['models.example'], trustedProxies: PROXIES, proxiesOnly: true };

test('X7: X-Forwarded-For is believed of a trusted proxy only, and of what it holds the last hop that is none', () => {
  const { addressOf } = createExposure(settings);
  const of = (peer: string, forwarded?: string) => addressOf(request(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }));
  expect(of('203.0.113.5', '198.51.100.1'), 'a stranger says so').toBe('203.0.113.5');
  expect(of('10.0.0.1', '198.51.100.1')).toBe('198.51.100.1');
  expect(of('::ffff:10.0.0.1', '198.51.100.1')).toBe('198.51.100.1');
  expect(of('10.0.0.1', '6.6.6.6, 198.51.100.1'), 'what the client wrote itself').toBe('198.51.100.1');
  expect(of('10.0.0.1', '6.6.6.6, 198.51.100.1, 10.0.0.2, fd00::3')).toBe('198.51.100.1');
  expect(of('10.0.0.1', '10.0.0.9, 10.0.0.2'), 'a client of the inner network').toBe('10.0.0.9');
  expect(of('10.0.0.1', '198.51.100.1:4711')).toBe('198.51.100.1');
  expect(of('10.0.0.1', '[2001:db8::1]:4711')).toBe('2001:db8::1');
  expect(of('10.0.0.1', '2001:db8::1')).toBe('2001:db8::1');
  for (const nothing of [undefined, '', 'unknown', '6.6.6.6, _hidden', "' OR 1=1--"]) expect(of('10.0.0.1', nothing), String(nothing)).toBe('10.0.0.1');
  expect(createExposure({ ...settings, trustedProxies: [] }).addressOf(request('10.0.0.1', { 'x-forwarded-for': '1.2.3.4' }))).toBe('10.0.0.1');
});

test('X39: X-Forwarded-Host counts in the place of Host, of a trusted proxy only', () => {
  const { refuse } = createExposure({ ...settings, proxiesOnly: false });
  const code = (peer: string, headers: Record<string, string>) => refuse(request(peer, headers))?.code;
  expect(code('10.0.0.1', { host: 'upstream', 'x-forwarded-host': 'models.example' })).toBeUndefined();
  expect(code('10.0.0.1', { 'x-forwarded-host': 'evil.example' })).toBe('host_not_allowed');
  expect(code('10.0.0.1', { host: 'evil.example' })).toBe('host_not_allowed');
  expect(code('203.0.113.5', { host: 'evil.example', 'x-forwarded-host': 'models.example' })).toBe('host_not_allowed');
});

test('plain http beyond loopback is for proxies alone, and a name that is for https is not served by http', () => {
  const { refuse } = createExposure(settings);
  const code = (peer: string, headers?: Record<string, string>) => refuse(request(peer, headers))?.code;
  expect(code('203.0.113.5')).toBe('not_through_proxy');
  expect(code('203.0.113.5', { 'x-forwarded-for': '10.0.0.1' })).toBe('not_through_proxy');
  expect(code('127.0.0.1', { host: 'localhost' })).toBeUndefined();
  expect(code('10.0.0.1')).toBeUndefined();
  expect(code('10.0.0.1', { 'x-forwarded-proto': 'https' })).toBeUndefined();
  expect(code('10.0.0.1', { 'x-forwarded-proto': 'http' })).toBe('https_required');
  expect(code('10.0.0.1', { 'x-forwarded-proto': 'http', host: 'localhost' })).toBeUndefined();
});
