import { expect, test } from 'vitest';
import { parseConfigFile } from './config-file.ts';
import { loadConfig } from './config.ts';
import { type ExposureFlags, resolveExposure } from './exposure.ts';

const nothing = { home: undefined, port: undefined, logLevel: undefined, all: {} };
const of = (section: object, flags: ExposureFlags = {}) => resolveExposure(flags, parseConfigFile(JSON.stringify({ exposure: section })).exposure);

test('X42: beyond loopback a server needs a certificate, a trusted proxy or the word that the network is safe', () => {
  expect(of({}).host).toBe('127.0.0.1');
  for (const host of ['0.0.0.0', '::', '192.168.1.5']) {
    expect(() => of({ host }), host).toThrow('--insecure-http');
    expect(of({ host, trustedProxies: ['10.0.0.1'] }).exposure.proxiesOnly, host).toBe(true);
    expect(of({ host, tls: { certificate: 'a', key: 'b' } }).exposure, host).toMatchObject({ proxiesOnly: false, tls: { certificate: 'a', key: 'b' } });
    expect(of({ host }, { insecureHttp: true }).exposure.proxiesOnly, host).toBe(false);
    expect(of({ host, trustedProxies: ['10.0.0.1'] }, { insecureHttp: true }).exposure.proxiesOnly, host).toBe(false);
  }
  expect(of({ host: '0.0.0.0' }, { host: '127.0.0.1' }).host, 'a flag goes first').toBe('127.0.0.1');
  expect(loadConfig({}, nothing, { port: 9002 }).port).toBe(9002);
  expect(loadConfig({ port: '9000' }, nothing, { port: 9002 }).port).toBe(9000);
});

test('X39: public URLs are the names that the server answers to, and what is none is refused by name', () => {
  const { exposure } = of(
    { publicUrls: ['https://Models.Example', 'https://models.example:8443/', 'http://inside.example', 'https://inside.example'] },
    { publicHost: ['More.Example'] },
  );
  expect(exposure.publicHosts).toEqual(['models.example', 'inside.example', 'more.example']);
  expect(exposure.httpsHosts).toEqual(['models.example', 'models.example']);
  expect(exposure.publicUrl).toBe('https://models.example');
  for (const url of ['models.example', 'ftp://models.example', 'https://models.example/api', 'https://user@models.example', 'https://models.example?x', 'https://'])
    expect(() => of({ publicUrls: [url] }), url).toThrow(`"${url}" in exposure.publicUrls`);
  for (const name of ['https://models.example', 'models.example:80', 'a b', '']) expect(() => of({}, { publicHost: [name] }), name).toThrow('is no host name');
});

test('X7: trusted proxies are addresses and networks, never everybody; a key or a certificate is a file’s name', () => {
  expect(of({ trustedProxies: ['10.0.0.0/8', 'fd00::1'] }, { trustedProxy: ['192.0.2.1'] }).exposure.trustedProxies.map(({ prefix }) => prefix)).toEqual([8, 128, 32]);
  for (const wrong of ['0.0.0.0/0', '::/0', '10.0.0.0/33', 'proxy.example', '*', '']) expect(() => of({ trustedProxies: [wrong] }), wrong).toThrow('is no network of proxies');
  expect(() => of({ tls: { certificate: 'a' } })).toThrow('key');
  expect(() => of({ trustedProxy: [] })).toThrow('trustedProxy');
});
