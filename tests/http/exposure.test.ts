import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveExposure } from '../../src/app/exposure.ts';
import { generateKey } from '../../src/contract/key-format.ts';
import { makeCertificate } from '../certificate.ts';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
const WHO = '/api/v1/whoami';
const behindProxy = { config: { exposure: resolveExposure({}, { trustedProxies: ['127.0.0.1'] }).exposure } };

/** A bad key from this address, as a proxy of ours would hand it on. */
const bad = (harness: Harness, path: string, forwarded: string) => harness.call(path, { key: generateKey(), headers: { 'x-forwarded-for': forwarded } });

test('X7: after ten bad keys of an address, over inference and control API together, further ones get a 429; a valid key is served, and no other address is put off', async () => {
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock, ...behindProxy });
  await whileAdvancing(clock, modelyard.deployEcho('echo'));
  for (let i = 0; i < 10; i++) expect((await bad(modelyard, i % 2 ? '/v1/models' : WHO, '198.51.100.1')).status, String(i)).toBe(401);
  for (const path of ['/v1/models', '/v2/models/echo', WHO]) {
    const refused = await bad(modelyard, path, '198.51.100.1');
    expect([refused.status, refused.headers.get('retry-after')], path).toEqual([429, '3600']);
    expect(await refused.text()).toContain('too many keys'.replace('too', 'Too'));
    // Whatever else the client claims to have come through.
    expect((await bad(modelyard, path, '6.6.6.6, 198.51.100.1')).status, path).toBe(429);
    expect((await bad(modelyard, path, '198.51.100.2')).status, path).toBe(401);
  }
  const valid = { headers: { 'x-forwarded-for': '198.51.100.1' } };
  expect((await modelyard.call(WHO, valid)).status).toBe(200);
  expect((await whileAdvancing(clock, modelyard.call(CHAT, { ...valid, body: chatBody('echo', 'x') }), 1)).status).toBe(200);
  await clock.advance(3_600_000);
  expect((await bad(modelyard, WHO, '198.51.100.1')).status).toBe(401);
  await whileAdvancing(clock, modelyard.stop());
});

test('X7: who is no trusted proxy escapes by no header', async () => {
  await using modelyard = await startHarness();
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const headers = { 'x-forwarded-for': `198.51.100.${i}`, 'x-real-ip': `198.51.100.${i}`, forwarded: `for=198.51.100.${i}`, 'cf-connecting-ip': `198.51.100.${i}` };
    statuses.push((await modelyard.call(WHO, { key: generateKey(), headers })).status);
  }
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
  expect((await modelyard.call(WHO)).status).toBe(200);
});

/** A call over TLS: the answer's status, and the serial number of the certificate that it came with. */
function secure(url: string, ca: string, path: string, key: string): Promise<{ status: number; serial: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url + path, { ca, headers: { authorization: `Bearer ${key}` }, agent: false }, (response) => {
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
      response.resume().once('end', () => resolve({ status: response.statusCode ?? 0, serial }));
    });
    call.once('error', reject).end();
  });
}

test('with a certificate all is served over TLS; a renewed one is taken without a restart, a broken one is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-tls-'));
  const files = { certificate: join(folder, 'chain.pem'), key: join(folder, 'key.pem') };
  const put = ({ cert, key }: { cert: string; key: string }) => {
    for (const [file, text] of [
      [files.certificate, cert],
      [files.key, key],
    ] as const) {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    }
  };
  const [first, second] = [makeCertificate(['localhost']), makeCertificate(['localhost'])];
  put(first);
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock, config: { exposure: resolveExposure({}, { tls: files }).exposure } });
  expect(modelyard.url).toMatch(/^https:/);
  const before = await secure(modelyard.url, first.cert, WHO, modelyard.key);
  expect(before.status).toBe(200);
  expect((await secure(modelyard.url, first.cert, '/v1/models', modelyard.key)).status).toBe(200);
  await expect(fetch(modelyard.url.replace('https', 'http') + WHO), 'plain http on that port').rejects.toThrow('fetch failed');
  await clock.advance(30_000);
  put({ cert: second.cert, key: 'no key' });
  await clock.advance(30_000);
  expect((await secure(modelyard.url, first.cert, WHO, modelyard.key)).serial, 'the former stays').toBe(before.serial);
  put(second);
  await expect
    .poll(
      async () => {
        await clock.advance(30_000);
        return secure(modelyard.url, second.cert, WHO, modelyard.key).catch(() => undefined);
      },
      { timeout: 15_000 },
    )
    .toMatchObject({ status: 200 });
  expect((await secure(modelyard.url, second.cert, WHO, modelyard.key)).serial).not.toBe(before.serial);
  await whileAdvancing(clock, modelyard.stop());
  rmSync(folder, { recursive: true });
});

test('a certificate that is not there, or not for its key, stops the start and names the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-tls-'));
  const files = { certificate: join(folder, 'chain.pem'), key: join(folder, 'key.pem') };
  const start = () => startHarness({ config: { exposure: resolveExposure({}, { tls: files }).exposure } });
  await expect(start()).rejects.toThrow(/exposure\.tls\.certificate, .*chain\.pem, can not be read \(ENOENT\)/);
  writeFileSync(files.certificate, makeCertificate(['localhost']).cert);
  const { key } = makeCertificate(['localhost']);
  writeFileSync(files.key, key);
  const refused = await start().catch((error: Error) => error.message);
  expect(refused).toContain('are no certificate and its key');
  expect(refused).not.toContain(key.split('\n')[1]);
  rmSync(folder, { recursive: true });
});
