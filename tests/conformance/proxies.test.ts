import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfigFile } from '../../src/app/config-file.ts';
import { resolveExposure } from '../../src/app/exposure.ts';
import { freePort } from '../../src/base/free-port.ts';
import { generateKey } from '../../src/contract/key-format.ts';
import { makeCertificate } from '../certificate.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { fakeForeignUpstream } from '../http/support.ts';
import { debianProgram } from './debian.ts';

const NAME = 'models.example';
const CHAT = '/v1/chat/completions';
const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/guides/behind-a-proxy.md'), 'utf8');
const STARTS_MAX = 200;

/** A block of the guide, as it stands there. */
function guideBlock(language: string, at = 0): string {
  const block = [...GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))][at]?.[1];
  if (block === undefined) throw new Error(`the guide has no block of ${language}`);
  return block;
}

/** The guide's text with what is this machine's own in place of what is the reader's. Each must be there. */
function adapted(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((adapting, [from, to]) => {
    if (!adapting.includes(from)) throw new Error(`the guide no longer says ${from}`);
    return adapting.replaceAll(from, to);
  }, text);
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly upstream: string;
}

const PROXIES = {
  async nginx({ folder, port, upstream }: Place) {
    const site = adapted(guideBlock('nginx'), [
      ['127.0.0.1:8420', upstream],
      ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
      ['/etc/letsencrypt/live/models.example/fullchain.pem', join(folder, 'cert.pem')],
      ['/etc/letsencrypt/live/models.example/privkey.pem', join(folder, 'key.pem')],
    ]);
    for (const one of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, one));
    const paths = ['client_body_temp_path body', 'proxy_temp_path proxy', 'fastcgi_temp_path fastcgi', 'uwsgi_temp_path uwsgi', 'scgi_temp_path scgi'];
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    writeFileSync(join(folder, 'nginx.conf'), `daemon off; pid nginx.pid; ${user}\nevents {}\nhttp { access_log off; ${paths.map((path) => `${path};`).join(' ')}\n${site}\n}\n`);
    return spawn(await debianProgram('nginx', 'usr/sbin/nginx'), ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: 'inherit' });
  },
  async caddy({ folder, port, upstream }: Place) {
    const site = adapted(guideBlock('caddy'), [
      ['models.example {', `${NAME}:${port} {\n\tbind 127.0.0.1\n\ttls ${join(folder, 'cert.pem')} ${join(folder, 'key.pem')}`],
      ['127.0.0.1:8420', upstream],
    ]);
    writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https disable_redirects\n\tlog {\n\t\toutput file ${join(folder, 'caddy.log')}\n\t}\n}\n${site}`);
    const env = { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawn(await debianProgram('caddy', 'usr/bin/caddy'), ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'], { cwd: folder, env, stdio: 'ignore' });
  },
} as const;

interface Sent {
  readonly key?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's own address: this machine has all of 127.0.0.0/8. */
  readonly from?: string;
}

describe.each(['nginx', 'caddy'] as const)('behind %s, by the guide’s own configuration', (kind) => {
  let folder: string;
  let modelyard: Harness;
  let proxy: ChildProcess;
  let port: number;
  let cert: string;

  /** A call by the public name, over TLS that is checked. */
  const open = (path: string, { key = modelyard.key, body, headers, from = '127.0.0.2' }: Sent = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = request({
        host: '127.0.0.1',
        port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        servername: NAME,
        ca: cert,
        localAddress: from,
        agent: false,
        headers: {
          host: NAME,
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      });
      call.once('response', resolve).once('error', reject);
      call.end(body);
    });
  const ask = async (path: string, sent?: Sent): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> => {
    const answer = await open(path, sent);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: answer.headers };
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `my-${kind}-`));
    const made = makeCertificate([NAME]);
    cert = made.cert;
    writeFileSync(join(folder, 'cert.pem'), made.cert);
    writeFileSync(join(folder, 'key.pem'), made.key);
    port = await freePort();
    const { exposure: section } = parseConfigFile(guideBlock('yaml', 1));
    modelyard = await startHarness({ config: { exposure: resolveExposure({}, section).exposure } });
    await modelyard.deployEcho('echo');
    proxy = await PROXIES[kind]({ folder, port, upstream: new URL(modelyard.url).host });
    for (let tries = 0; ; tries++) {
      const status = await ask('/live').then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) break;
      if (tries >= STARTS_MAX || proxy.exitCode !== null) throw new Error(`${kind} does not serve: ${status}`);
      await sleep(50);
    }
  });
  afterAll(async () => {
    if (proxy?.exitCode === null) {
      proxy.kill('SIGTERM');
      await once(proxy, 'exit');
    }
    await modelyard?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a call and the control API are served by the public name, over TLS', async () => {
    const chat = await ask(CHAT, { body: JSON.stringify(chatBody('echo', 'one two')) });
    expect([chat.status, (JSON.parse(chat.text) as { choices: { message: { content: string } }[] }).choices[0]?.message.content]).toEqual([
      200,
      expect.stringContaining('one two'),
    ]);
    expect((await ask('/api/v1/whoami')).status).toBe(200);
    expect((await ask('/v1/models', { key: 'my_nothing', from: '127.0.0.9' })).status).toBe(401);
    await ask('/api/v1/orgs', { body: JSON.stringify({ name: `by-${kind}` }), from: '127.0.0.5', headers: { 'x-forwarded-for': '6.6.6.6' } });
    const { data } = JSON.parse((await ask('/api/v1/audit?limit=1')).text) as { data: unknown[] };
    expect(data, 'the client’s own address is in the audit log').toMatchObject([{ operation: 'createOrg', address: '127.0.0.5', outcome: 201 }]);
  });

  test('a stream is passed on as it comes: the first frame is with the client before the engine makes the last', async () => {
    const go = Promise.withResolvers<void>();
    const frame = (content: string, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;
    await using _upstream = await fakeForeignUpstream(modelyard, 'slow', async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frame('first', null));
      // Nothing more is made until the client has what there is: a proxy that gathers would wait for ever.
      await go.promise;
      response.end(`${frame('last', 'stop')}data: [DONE]\n\n`);
    });
    const answer = await open(CHAT, { body: JSON.stringify(chatBody('slow', 'x', { stream: true })) });
    expect(answer.headers['content-type']).toContain('text/event-stream');
    let text = '';
    for await (const chunk of answer) {
      text += (chunk as Buffer).toString();
      if (!text.includes('first')) continue;
      expect(text.includes('last') && text.indexOf('last') < text.indexOf('first')).toBe(false);
      go.resolve();
    }
    expect(text).toMatch(/first[\s\S]*last[\s\S]*\[DONE\]/);
  });

  test('a body beyond the limit is Modelyard’s own 413, and one of somebody without a key its 401, in JSON', async () => {
    const large = await ask(CHAT, { body: Buffer.alloc(11 * 1_048_576, 'x') });
    expect([large.status, large.text]).toEqual([413, expect.stringContaining('body_too_large')]);
    const stranger = await ask(CHAT, { key: generateKey(), body: Buffer.alloc(5 * 1_048_576, 'x'), from: '127.0.0.8' });
    expect([stranger.status, stranger.text]).toEqual([401, expect.stringContaining('invalid_api_key')]);
    expect((await ask('/api/v1/whoami')).status).toBe(200);
  });

  test('X7: bad keys are counted by the client’s own address, whatever it says it is', async () => {
    const bad = async (from: string, index: number) =>
      (await ask('/v1/models', { key: generateKey(), from, headers: { 'x-forwarded-for': `6.6.6.${index}`, forwarded: 'for=6.6.6.6' } })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) statuses.push(await bad('127.0.0.3', i));
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
    expect(await bad('127.0.0.4', 1)).toBe(401);
    expect((await ask('/v1/models', { from: '127.0.0.3' })).status).toBe(200);
  });

  test('X39: another name is refused, also when the client says it has been forwarded', async () => {
    const answers = await Promise.all([
      ask('/live', { headers: { host: 'evil.example' } }).then(({ status }) => status),
      ask('/live', { headers: { host: 'evil.example', 'x-forwarded-host': NAME } }).then(({ status, text }) => `${status} ${text}`),
    ]);
    // Caddy serves no such name itself: an empty answer that Modelyard has not made.
    expect(answers[1]).not.toContain('"live"');
    if (kind === 'nginx') expect(answers[0]).toBe(403);
  });
});
