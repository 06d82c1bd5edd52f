import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Config } from '../src/app/config.ts';
import type { ConfigFile } from '../src/app/config-file.ts';
import { openHome } from '../src/app/home.ts';
import { type Running, startModelyard } from '../src/app/lifecycle.ts';
import type { Clock } from '../src/base/clock.ts';
import type { Manifest } from '../src/contract/manifest.ts';
import type { TensorSignature } from '../src/contract/tensor.ts';
import { silentLogger } from '../src/telemetry/log.ts';
import { InProcessLauncher } from './in-process-launcher.ts';

/** The whole product in this process: in-memory database, a temporary home, echo engines on real sockets, a free port. */
export interface Harness extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly home: string;
  readonly running: Running;
  readonly launcher: InProcessLauncher;
  /** Publishes and deploys an echo model and waits until it is ready. */
  deployEcho(name: string, options?: EchoOptions): Promise<void>;
  /** A call with the operator's key, or another's. `body` is sent as JSON unless it is bytes. */
  call(path: string, options?: CallOptions): Promise<Response>;
  /** A key made through the control API; returns its plain text. */
  makeKey(wanted: Record<string, unknown>): Promise<{ key: string; id: string }>;
  stop(): Promise<void>;
}

export interface EchoOptions {
  readonly task?: Manifest['task'];
  readonly slots?: number;
  readonly delayMs?: number;
  readonly signature?: TensorSignature;
  readonly maxBatchSize?: number;
  readonly contextLength?: number;
  readonly failEvery?: number;
  readonly failStart?: boolean;
}

/** Tests share the machine with others: what is tested here is not how fast a database answers. */
const LEASE_WAIT_MS = 10_000;
/** A clock that is driven goes on faster than the database can answer. */
const LEADER_TTL_MS = 1e9;

export interface CallOptions {
  readonly method?: string;
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface HarnessOptions {
  readonly clock?: Clock;
  readonly config?: Partial<Config>;
  /** The operator's own file. */
  readonly file?: ConfigFile;
  /** An existing home to start on again; it is then not removed. */
  readonly home?: string;
  /** A database file, or a PostgreSQL URL; in memory unless told otherwise, or PostgreSQL with `MODELYARD_TESTS_ON=postgresql`. */
  readonly database?: string;
}

export function echoManifest(options: EchoOptions = {}): Manifest {
  const { task = 'chat', slots, delayMs, signature, maxBatchSize, contextLength, failEvery, failStart } = options;
  return {
    schema: 'modelyard.manifest/1',
    task,
    engine: 'echo',
    files: [],
    weights: {
      format: 'none',
      architecture: 'echo',
      parameters: 0,
      tensorBytes: 0,
      parametersByType: {},
      quantization: 'none',
      ...(signature && { signature: structuredClone(signature) as NonNullable<Manifest['weights']['signature']> }),
      ...(contextLength !== undefined && { contextLength }),
    },
    ...(maxBatchSize !== undefined && { batching: { maxBatchSize } }),
    engineOptions: { ...(slots !== undefined && { slots }), ...(delayMs !== undefined && { delayMs }), ...(failEvery && { failEvery }), ...(failStart && { failStart }) },
    licence: 'Apache-2.0',
    origin: 'test',
    card: '',
  };
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'my-home-'));
  const launcher = new InProcessLauncher();
  const config = {
    ...loadConfig({ home, port: '0' }, { home: undefined, port: undefined, logLevel: 'silent', all: {} }),
    drainMs: 2_000,
    leaseWaitMs: LEASE_WAIT_MS,
    ...(options.clock && { leaderTtlMs: LEADER_TTL_MS }),
    ...options.config,
  };
  const { folder, release } = await openHome(home, 'test');
  const made = options.database === undefined ? await databaseForTests() : undefined;
  const running = await startModelyard({
    config,
    folder,
    log: silentLogger(),
    environment: {},
    launcher,
    database: options.database ?? made?.target ?? ':memory:',
    ...(options.clock && { clock: options.clock }),
    ...(options.file && { file: options.file }),
  });
  const key = running.operatorKey ?? '';
  const { url, control, operator } = running;
  let stopped = false;
  const call = (path: string, { method, key: other, body, headers, signal }: CallOptions = {}): Promise<Response> => {
    const sent = other === undefined ? key : other;
    const bytes = body === undefined ? null : body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(sent !== null && { authorization: `Bearer ${sent}` }), ...(bytes !== null && { 'content-type': 'application/json' }), ...headers },
      body: bytes as string | null,
      ...(signal && { signal }),
    });
  };
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await running.close();
    await release();
    await made?.drop();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  };
  return {
    url,
    key,
    home,
    running,
    launcher,
    call,
    stop,
    async deployEcho(name, echo = {}) {
      const publisher = { ...operator, orgName: name.includes('/') ? (name.split('/')[0] ?? '') : operator.orgName };
      const orgId = name.includes('/') ? (await control.identity.orgByName(publisher.orgName)).id : operator.orgId;
      const as = { ...publisher, orgId };
      await control.registry.publishManifest(as, name, echoManifest(echo));
      await control.deployments.deploy(as, { model: name });
      await control.deployments.ready(as, name);
    },
    async makeKey(wanted) {
      const response = await call('/api/v1/keys', { body: wanted });
      const made = (await response.json()) as { key: string; details: { id: string } };
      return { key: made.key, id: made.details?.id };
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Only in a test of vitest, where there is a server for it. */
async function databaseForTests(): Promise<{ readonly target: string; drop(): Promise<void> } | undefined> {
  if (process.env['MODELYARD_TESTS_ON'] !== 'postgresql') return undefined;
  const { makePostgres } = await import('./databases.ts');
  const { dropDatabase } = await import('./postgres-server.ts');
  const target = await makePostgres('/');
  return { target, drop: () => dropDatabase(target) };
}

/** A chat body with one user message. */
export function chatBody(model: string, content: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model, messages: [{ role: 'user', content }], ...more };
}
