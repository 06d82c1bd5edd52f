import { constants, mkdtempSync, rmSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadConfig } from '../../src/app/config.ts';
import { openHome } from '../../src/app/home.ts';
import { type Running, startModelyard } from '../../src/app/lifecycle.ts';
import type { EngineSpec } from '../../src/contract/engine-wire.ts';
import { pullStarter, STARTERS } from '../../src/control-plane/registry/index.ts';
import type { UsageSink } from '../../src/data-plane/ports.ts';
import type { Launched, Launcher } from '../../src/scheduler/ports.ts';
import { silentLogger } from '../../src/telemetry/log.ts';
import type { GatewayOrder, GatewayQuestion, GatewayReady, LoopDelay, ModelOrder, UsageTotals } from '../lib/gateway-order.ts';
import { orderOf, serveOrders } from '../lib/process.ts';

/** The real product: authentication, limits, metering, the usage log and the database file are on, unless an order says otherwise. */

/** A DOUBLE of the launcher: every engine is the mock upstream, over TCP, as every other arm sees it. */
function upstreamLauncher({ port, slots }: NonNullable<GatewayOrder['upstream']>): Launcher {
  const launch = (): Launched => {
    const { promise: exited, resolve } = Promise.withResolvers<{ reason: string }>();
    return {
      address: { host: '127.0.0.1', port, token: 'bench' },
      ready: Promise.resolve({ slots }),
      exited,
      stop: () => Promise.resolve(resolve({ reason: 'stopped' })),
    };
  };
  return { launch, logs: () => [], close: () => Promise.resolve() };
}

const STARTED_AT = Date.now();

/** A DOUBLE of the usage log: no call is kept. */
const KEEPS_NOTHING: UsageSink = { writable: true, append: () => Promise.resolve() };

async function provide({ control, operator }: Running, model: ModelOrder): Promise<void> {
  const { registry, deployments } = control;
  if ('manifest' in model) await registry.publishManifest(operator, model.name, model.manifest);
  else if ('file' in model) await publishFile({ control, operator }, model);
  else await publishStarter({ control, operator }, model);
  if (model.isDeployed === false) return;
  await deployments.deploy(operator, { model: model.name });
  await deployments.ready(operator, model.name);
}

async function publishFile({ control: { registry }, operator }: Pick<Running, 'control' | 'operator'>, model: Extract<ModelOrder, { file: string }>): Promise<void> {
  const { digest } = await registry.blobs.adopt(model.file);
  await registry.publish(operator, {
    name: model.name,
    licence: 'Apache-2.0',
    origin: 'bench',
    files: [{ path: basename(model.file), digest }],
    batching: { maxBatchSize: model.maxBatchSize },
  });
}

async function publishStarter({ control: { registry }, operator }: Pick<Running, 'control' | 'operator'>, model: Extract<ModelOrder, { starter: string }>): Promise<void> {
  const starter = STARTERS.find(({ name }) => name === model.starter);
  if (!starter) throw new Error(`there is no starter ${model.starter}`);
  await pullStarter(registry, operator, starter, { environment: process.env, report: () => undefined });
  const { files, licence, origin, pipeline } = starter;
  await registry.publish(operator, {
    name: model.name,
    licence,
    origin,
    files: Object.entries(files)
      .filter(([path]) => !model.raw || /\.(onnx|gguf)$/.test(path))
      .map(([path, digest]) => ({ path, digest })),
    ...(pipeline && !model.raw && { pipeline }),
    ...(model.maxBatchSize !== undefined && { batching: { maxBatchSize: model.maxBatchSize } }),
    ...(model.engineOptions && { engineOptions: model.engineOptions }),
  });
}

/** A key with limits that are counted and never reached. */
async function makeKey({ url, operatorKey }: Running): Promise<string> {
  const limits = { requestsPerMinute: 1_000_000_000, tokensPerMinute: 1_000_000_000_000, concurrency: 100_000 };
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/keys`, { method: 'POST', headers, body: JSON.stringify({ name: 'bench', scopes: ['inference', 'usage'], limits }) });
  const made = (await response.json()) as { key?: string };
  if (made.key === undefined) throw new Error(`no key: ${JSON.stringify(made)}`);
  return made.key;
}

/** Of this run: a database that it began with may have older ones. */
async function totals({ control }: Running): Promise<UsageTotals> {
  const sums = await control.usage.sum({ orgId: undefined, since: STARTED_AT, until: Number.MAX_SAFE_INTEGER }, 'model');
  const total = (of: (sum: (typeof sums)[number]) => number) => sums.reduce((all, sum) => all + of(sum), 0);
  return { calls: total(({ calls }) => calls), failed: total(({ failed }) => failed), completionTokens: total(({ completionTokens }) => completionTokens) };
}

const LOOP_RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

/** Each answer begins a new measurement. */
function loopDelays(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  histogram.enable();
  return () => {
    const late = (ns: number) => Math.max(0, ns / NS_PER_MS - LOOP_RESOLUTION_MS);
    const delay = { p99Ms: late(histogram.percentile(99)), maxMs: late(histogram.max) };
    histogram.reset();
    return delay;
  };
}

/** What a launcher is given for a replica of a model's newest version. */
async function engineOf({ control: { registry }, operator }: Running, model: string): Promise<Omit<EngineSpec, 'listen'>> {
  const [newest] = (await registry.get(operator, model)).versions.toSorted((a, b) => b.number - a.number);
  if (!newest) throw new Error(`${model} has no version`);
  const { manifest } = newest;
  return { kind: manifest.engine, manifest, files: registry.filesOf(manifest), threads: 1 };
}

async function main(): Promise<void> {
  const order = orderOf<GatewayOrder>();
  const home = mkdtempSync(join(tmpdir(), 'modelyard-bench-'));
  try {
    if (order.blobs !== undefined) {
      await mkdir(order.blobs, { recursive: true });
      await symlink(order.blobs, join(home, 'blobs'));
    }
    const { folder, release } = await openHome(home, 'bench');
    const config = loadConfig({ home, port: '0' }, { home: undefined, port: undefined, logLevel: 'silent', all: {} });
    const launcher = order.upstream && upstreamLauncher(order.upstream);
    if (order.database !== undefined) await copyFile(order.database, folder.database, constants.COPYFILE_FICLONE);
    const began = performance.now();
    const running = await startModelyard({
      config,
      folder,
      log: silentLogger(),
      environment: process.env,
      ...(launcher && { launcher }),
      ...(order.metering && { usageSink: KEEPS_NOTHING }),
    });
    const startMs = Math.round(performance.now() - began);
    for (const model of order.models) await provide(running, model);
    const ready: GatewayReady = { port: Number(new URL(running.url).port), key: await makeKey(running), operatorKey: running.operatorKey ?? '', startMs };
    const loopDelay = order.loopDelay === true ? loopDelays() : undefined;
    await serveOrders<GatewayQuestion>(ready, async (question) => {
      if (question === 'usage') return await totals(running);
      return question === 'loop' ? loopDelay?.() : await engineOf(running, question.engineOf);
    });
    await running.close();
    await release();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

await main();
