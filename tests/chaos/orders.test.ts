import { expect, test } from 'vitest';
import { echoManifest } from '../harness.ts';
import { seeded } from '../seeded.ts';
import { makeHome } from './made-home.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const ROUNDS = 12;
const SEED = 36;

/** What the server has said yes to. What was under way when it died may or may not have come about. */
interface Told {
  /** Without a version: one of those that it may be at. */
  readonly deployments: Map<string, { version: number | undefined; max: number } | undefined>;
  readonly keys: Map<string, { id: string; isLive: boolean }>;
  readonly orgs: Set<string>;
  label: number;
  /** The last order, which was not answered: what it is about proves nothing, and what became of it is learnt when the server is back. */
  doubt: string;
}

type Api = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Record<string, unknown> }>;

function apiOf({ url }: ServerProcess, key: string): Api {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };
}

/** Orders one after the other, each of several steps inside, until the server dies. */
async function orderOn(api: Api, told: Told, random: () => number): Promise<void> {
  for (let n = 0; ; n++) {
    const name = `d${Math.floor(random() * 3)}`;
    const version = 1 + Math.floor(random() * 2);
    const known = told.deployments.get(name);
    const kind = Math.floor(random() * 6);
    if (kind <= 1) {
      told.doubt = name;
      const { status } = await api('POST', '/deployments', { model: `m:${version}`, name });
      if (status < 300) told.deployments.set(name, { version, max: known?.max ?? 1 });
    } else if (kind === 2 && known) {
      told.doubt = name;
      const max = 1 + Math.floor(random() * 3);
      if ((await api('PATCH', `/deployments/${name}`, { minReplicas: 0, maxReplicas: max })).status < 300) told.deployments.set(name, { ...known, max });
    } else if (kind === 3 && known) {
      told.doubt = name;
      if ((await api('DELETE', `/deployments/${name}`)).status < 300) told.deployments.set(name, undefined);
    } else if (kind === 4) {
      told.doubt = 'label';
      if ((await api('PUT', '/models/m/labels', { label: 'stable', version })).status < 300) told.label = version;
    } else {
      await orderKeys(api, told, `k${n}-${Math.floor(random() * 1e9)}`);
    }
    told.doubt = '';
  }
}

/** An organisation with a key, and at times its end. */
async function orderKeys(api: Api, told: Told, name: string): Promise<void> {
  told.doubt = name;
  if ((await api('POST', '/orgs', { name })).status >= 300) return;
  told.orgs.add(name);
  const { status, body } = await api('POST', '/keys', { name, org: name, scopes: ['inference', 'models.read'] });
  if (status >= 300) return;
  told.keys.set(String(body['key']), { id: String(body['id']), isLive: true });
  if (told.keys.size % 2 === 0) return;
  told.doubt = String(body['key']);
  if ((await api('DELETE', `/keys/${String(body['id'])}`)).status < 300) told.keys.set(String(body['key']), { id: String(body['id']), isLive: false });
}

interface Deployment {
  name: string;
  revisions: { version: number; weight: number; state: string; reason: string }[];
}

/** Everything that was said yes to is so; everything that is there comes to an end: it serves, rests, or has failed and says why. */
async function judge(server: ServerProcess, api: Api, told: Told): Promise<void> {
  const listed = async () => (await api('GET', '/deployments')).body['data'] as Deployment[];
  await expect
    .poll(async () => (await listed()).flatMap(({ name, revisions }) => revisions.filter(({ state }) => state === 'loading').map(() => name)), { timeout: 20_000, interval: 100 })
    .toEqual([]);
  const deployments = await listed();
  for (const { name, revisions } of deployments) {
    expect(revisions.length, name).toBeGreaterThan(0);
    expect(
      revisions.reduce((sum, { weight }) => sum + weight, 0),
      name,
    ).toBe(100);
    for (const { state, reason } of revisions) if (state === 'failed') expect(reason).not.toBe('');
  }
  for (const [name, known] of told.deployments) {
    if (name === told.doubt) continue;
    const found = deployments.find((deployment) => deployment.name === name);
    expect(found === undefined, name).toBe(known === undefined);
    if (found && known?.version !== undefined)
      expect(
        found.revisions.map(({ version }) => version),
        name,
      ).toContain(known.version);
  }
  const { body } = await api('GET', '/models/m');
  const label = (body['labels'] as Record<string, number>)['stable'];
  if (told.doubt !== 'label') expect(label).toBe(told.label);
  const orgs = ((await api('GET', '/orgs')).body['data'] as { name: string }[]).map(({ name }) => name);
  for (const org of told.orgs) expect(orgs, org).toContain(org);
  for (const [key, { isLive }] of told.keys) {
    if (key === told.doubt) continue;
    const { status } = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(status, key.slice(-4)).toBe(isLive ? 200 : 401);
  }
  await learn(server, told, { deployments, label: label ?? told.label });
}

/** From now on what the last order was about is what it is: it must not change by itself any more. */
async function learn(server: ServerProcess, told: Told, { deployments, label }: { readonly deployments: readonly Deployment[]; readonly label: number }): Promise<void> {
  const { doubt } = told;
  told.doubt = '';
  told.label = label;
  const key = told.keys.get(doubt);
  if (key) {
    const { status } = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${doubt}` } });
    told.keys.set(doubt, { ...key, isLive: status === 200 });
  }
  if (!/^d\d$/.test(doubt)) return;
  const known = told.deployments.get(doubt);
  const found = deployments.find(({ name }) => name === doubt);
  told.deployments.set(doubt, found && { version: undefined, max: known?.max ?? 1 });
}

test(
  `S36: killed ${ROUNDS} times in the middle of orders, the server comes back to what it has said yes to, and everything else is whole or clean`,
  { timeout: 300_000 },
  async () => {
    using made = await makeHome(async (modelyard) => {
      await modelyard.deployEcho('echo');
      const { control, operator } = modelyard.running;
      for (const contextLength of [100, 200]) await control.registry.publishManifest(operator, 'm', echoManifest({ contextLength }));
    });
    const { home, key, port } = made;
    const told: Told = { deployments: new Map(), keys: new Map(), orgs: new Set(), label: 1, doubt: '' };
    const random = seeded(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startServer(home, port, key);
      const api = apiOf(server, key);
      await judge(server, api, told);
      const ordering = orderOn(api, told, random).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 30 + random() * 400));
      await server.kill('SIGKILL');
      await ordering;
    }
    const last = await startServer(home, port, key);
    await judge(last, apiOf(last, key), told);
    expect(told.keys.size).toBeGreaterThan(3);
    expect(told.deployments.size).toBeGreaterThan(1);
    expect(await last.kill('SIGTERM')).toBe(0);
  },
);
