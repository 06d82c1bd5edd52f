import { processesOf } from './cpu.ts';
import type { GatewayReady } from './gateway-order.ts';
import type { BenchProcess } from './process.ts';

type Gateway = BenchProcess<GatewayReady>;

const WAIT_MS_MAX = 120_000;
const POLL_MS = 50;
/** As the gateway arm's own key: counted and never reached. */
export const LIMITS = { requestsPerMinute: 1_000_000_000, tokensPerMinute: 1_000_000_000_000, concurrency: 100_000 };

/** One call of the control API as the operator. @throws Error with the answer, when it is none of 2xx */
export function control<Answer>({ ready: { port, operatorKey } }: Gateway, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  return controlAs({ port, key: operatorKey }, method, path, body);
}

/** The same with another's key. */
export async function controlAs<Answer>(
  { port, key }: { readonly port: number; readonly key: string },
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text.startsWith('{') ? JSON.parse(text) : text) as Answer;
}

/** A key of an organisation of its own that may call every deployment. */
export async function keyOfNewOrg(gateway: Gateway, org: string): Promise<string> {
  await control(gateway, 'POST', '/api/v1/orgs', { name: org });
  const made = await control<{ key: string }>(gateway, 'POST', '/api/v1/keys', { name: org, org, scopes: ['inference', 'operator'], limits: LIMITS });
  return made.key;
}

interface DeploymentState {
  readonly revisions: readonly { readonly state: string; readonly replicas: readonly { readonly state: string }[] }[];
}

/** Waits until a deployment has so many ready replicas. */
export async function replicasReady(gateway: Gateway, name: string, replicas: number): Promise<void> {
  await until(`${name} has no ${replicas} ready replicas`, async () => {
    const { revisions } = await control<DeploymentState>(gateway, 'GET', `/api/v1/deployments/${name}`);
    return (revisions[0]?.replicas.filter(({ state }) => state === 'ready').length ?? 0) === replicas;
  });
}

/** Waits until the gateway has no engine any more. */
export function enginesGone(gateway: Gateway): Promise<void> {
  return until('the engines did not end', () => Promise.resolve(processesOf(gateway.pid).length === 1));
}

/** How many replicas of a deployment were started so far. */
export async function startsOf(gateway: Gateway, name: string): Promise<number> {
  const metrics = await control<string>(gateway, 'GET', '/metrics');
  return Number(new RegExp(`^modelyard_replica_changes_total\\{deployment="${name}",state="starting"\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);
}

async function until(otherwise: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${otherwise} within ${WAIT_MS_MAX / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
