import type { Server } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import type { CallerEntry } from '../contract/feeds.ts';
import { sweepPulls } from '../control-plane/registry/index.ts';
import type { UsageSink } from '../data-plane/ports.ts';
import { listen } from '../http/listener.ts';
import { Pressure } from '../http/pressure.ts';
import { createLocalLauncher } from '../scheduler/launchers/local.ts';
import type { Launcher } from '../scheduler/ports.ts';
import type { Logger } from '../telemetry/log.ts';
import { UsageLog } from '../usage-log/log.ts';
import { Poster } from '../usage-log/poster.ts';
import { folderStorage } from '../usage-log/storage.ts';
import { watchCertificate } from './certificate.ts';
import type { ControlPlane } from './compose/control-plane.ts';
import { composeHttp } from './compose/http.ts';
import { composeModelyard, type Modelyard } from './compose/modelyard.ts';
import type { ConfigFile } from './config-file.ts';
import type { Config } from './config.ts';
import { databaseOf, openHomeDatabase } from './database.ts';
import { urlOf } from './exposure.ts';
import type { HomeFolder } from './home.ts';
import { drain, readinessOf, type Vitals } from './readiness.ts';
import { tracingOf } from './otlp.ts';
import { readSigningKey } from './signing-key.ts';

export interface StartOptions {
  readonly config: Config;
  /** The operator's own file; absent: an empty one. */
  readonly file?: ConfigFile;
  readonly folder: HomeFolder;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Tests bring their own. */
  readonly clock?: Clock;
  readonly launcher?: Launcher;
  readonly database?: string;
  /** Where records of calls go in place of the usage log. For the bench alone, which measures what durable metering costs: calls are then neither stored nor billed. */
  readonly usageSink?: UsageSink;
}

/** A Modelyard that serves. */
export interface Running {
  readonly url: string;
  readonly server: Server;
  /** Only at the first boot of a home. */
  readonly operatorKey: string | undefined;
  readonly operator: CallerEntry;
  readonly control: ControlPlane;
  /** Unready, and jobs stopped (an evaluation keeps what it has) → serve on → stop accepting → drain → engines → usage posted → database closed. */
  close(): Promise<void>;
}

/** Starts everything, in the order in which the parts need each other; they end in the opposite order, also when a later one fails to start. */
export async function startModelyard(options: StartOptions): Promise<Running> {
  const { config, folder, log, environment, file = {}, clock = systemClock } = options;
  await using stack = new AsyncDisposableStack();
  const tracing = await tracingOf(config, { clock, log, stack });
  const db = await openHomeDatabase(options.database ?? databaseOf(config.databaseUrl, folder.database));
  stack.defer(() => db.destroy());
  const storage = await folderStorage(folder.usageLog);
  const usageLog = await UsageLog.open({ clock, storage, sync: config.usageLogSync });
  const own = options.launcher ?? createLocalLauncher({ clock, logFolder: folder.logs, environment });
  const signingKey = await readSigningKey(folder.signingKey);
  const state = { draining: false };
  const pressure = stack.adopt(new Pressure(clock), (one) => one.close());
  const ready = () => vitalsOf(modelyard, { ...state, writable: usageLog.writable, overloaded: pressure.shedding, feedsAgeMsMax: config.feedsAgeMsMax });
  const modelyard: Modelyard = composeModelyard({
    config,
    file,
    clock,
    log,
    db,
    usageLog: options.usageSink ?? usageLog,
    launcher: own,
    folder,
    signingKey,
    environment,
    tracing,
    ready: () => ready().ready,
    live: () => !pressure.shedding,
  });
  const { control, plane, feeds, events, leadership, reconciler } = modelyard;
  stack.defer(() => modelyard.written.close());
  const { org, operatorKey } = await recover(control);
  await feeds.start(control.entitlements.all());
  stack.defer(() => feeds.close());
  stack.defer(() => control.own.close());
  stack.defer(() => plane.credit.close());
  const poster = new Poster({ clock, storage, log: usageLog, post: (batch) => control.own.post(batch, plane.credit), report: (problem) => events.usageProblem(problem) });
  stack.defer(() => poster.close());
  stack.defer(() => usageLog.close());
  stack.defer(() => control.subscriptions.close());
  stack.defer(() => endWatching(control));
  const app = await composeHttp({ modelyard, clock, config, pressure, environment, ready });
  stack.defer(() => app.close());
  stack.defer(() => control.registry.garbage.close());
  stack.defer(() => endEngines(modelyard));
  pressure.start();
  const address = await listen(app.server, config.host, config.port);
  if (config.exposure.tls) stack.defer(watchCertificate({ server: app.server, files: config.exposure.tls, clock, problem: (error) => events.controlProblem(error) }));
  stack.defer(() => reconciler.close(config.drainMs));
  stack.defer(() => leadership.close());
  // Before the engines end: what they used is read from them.
  stack.defer(() => control.costing.close());
  stack.defer(() => drain(app.server, clock, config));
  stack.defer(() => {
    state.draining = true;
    return control.jobs.close();
  });
  await leadership.start();
  await feeds.follow();
  await control.own.start(poster.replayed, plane.credit);
  await begin(control);
  const parts = stack.move();
  return {
    url: urlOf(address, config.exposure),
    server: app.server,
    operatorKey,
    operator: operatorOf(org),
    control,
    close: () => parts.disposeAsync(),
  };
}

/** Whether it takes calls, and why not. */
function vitalsOf({ plane, feeds }: Modelyard, vitals: Omit<Vitals, 'received' | 'databaseMs'>) {
  return readinessOf({ ...vitals, received: plane.routes.received, databaseMs: feeds.databaseMs() });
}

/** Connections that wait for a call would keep the process. */
async function endEngines({ plane, launcher }: Modelyard): Promise<void> {
  await plane.dispatch.close();
  await launcher.close();
}

/** Who acts for the server itself. */
function operatorOf({ id, name }: { readonly id: string; readonly name: string }): CallerEntry {
  return { hash: '', keyId: 'local', orgId: id, orgName: name, scopes: ['operator'], allowedModels: undefined, expiresAtMs: undefined, limits: {}, budgets: [], offers: [] };
}

/** Makes the platform's own organisation at the first start, reads who may call, and clears up after a former process that was cut short. */
async function recover({ identity, pricing, catalogue, entitlements, jobs, registry, upstreams }: ControlPlane) {
  const platform = await identity.ensurePlatform();
  await upstreams.load();
  await pricing.load();
  await catalogue.load();
  await entitlements.load(await identity.listLive(), await identity.listReplacements());
  await jobs.recover();
  await sweepPulls(registry.blobs);
  return platform;
}

/** Once calls are served: the engines are started, what goes on by itself begins, and jobs that a stop cut short go on. */
async function begin({ deployments, subscriptions, history, slos, alerts, jobs, costing, registry }: ControlPlane): Promise<void> {
  await deployments.refresh();
  await subscriptions.start();
  await history.start();
  await slos.start();
  await alerts.start();
  costing.start();
  registry.garbage.start();
  await jobs.resume();
}

async function endWatching({ alerts, history, monitoring }: ControlPlane): Promise<void> {
  await alerts.close();
  await history.close();
  await monitoring.close();
}
