import type { Server } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import type { CallerEntry } from '../contract/feeds.ts';
import { costRoutes } from '../control-plane/costing/index.ts';
import { deploymentRoutes } from '../control-plane/deployments/index.ts';
import { evaluationRoutes } from '../control-plane/evaluation/index.ts';
import { identityRoutes } from '../control-plane/identity/index.ts';
import { alertRoutes, historyRoutes, monitoringRoutes, sloRoutes } from '../control-plane/monitoring/index.ts';
import { jobRoutes } from '../control-plane/jobs/index.ts';
import { pullRoutes, registryRoutes, sweepPulls } from '../control-plane/registry/index.ts';
import { usageRoutes } from '../control-plane/usage/index.ts';
import { openDatabase } from '../db/open.ts';
import { parseAllow } from '../egress/allow.ts';
import { Egress } from '../egress/egress.ts';
import { createControl } from '../http/control.ts';
import { createListener, listen } from '../http/listener.ts';
import { createLocalLauncher } from '../scheduler/launchers/local.ts';
import type { Launcher } from '../scheduler/ports.ts';
import { createTelemetry, type Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { UsageLog } from '../usage-log/log.ts';
import { Poster } from '../usage-log/poster.ts';
import { folderStorage } from '../usage-log/storage.ts';
import { composeControlPlane, type ControlPlane, repositoryOf } from './compose/control-plane.ts';
import { composeDataPlane } from './compose/data-plane.ts';
import { composeScheduler } from './compose/scheduler.ts';
import type { ConfigFile } from './config-file.ts';
import type { Config } from './config.ts';
import { figuresOf, gaugeSources, loadByDeployment } from './figures.ts';
import type { HomeFolder } from './home.ts';
import { readSigningKey } from './signing-key.ts';
import { VERSION } from '../contract/version.ts';

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
}

/** A Modelyard that serves. */
export interface Running {
  readonly url: string;
  readonly server: Server;
  /** Only at the first boot of a home. */
  readonly operatorKey: string | undefined;
  readonly operator: CallerEntry;
  readonly control: ControlPlane;
  /** Unready → serve on → stop accepting → drain → engines → usage posted → database closed. */
  close(): Promise<void>;
}

/** Starts everything, in the order in which the parts need each other; they end in the opposite order, also when a later one fails to start. */
export async function startModelyard(options: StartOptions): Promise<Running> {
  const { config, folder, log, file = {}, clock = systemClock } = options;
  await using stack = new AsyncDisposableStack();
  const load = () => plane.dispatch.load();
  const { events, registry, recent, totals, revisions } = createTelemetry(log, clock, { load: () => loadByDeployment(load()), ...gaugeSources(() => control) });
  const db = await openDatabase(options.database ?? folder.database);
  stack.defer(() => db.destroy());
  const storage = await folderStorage(folder.usageLog);
  const usageLog = await UsageLog.open({ clock, storage, sync: config.usageLogSync });
  const launcher = options.launcher ?? createLocalLauncher({ clock, logFolder: folder.logs, environment: options.environment });
  const { reconciler, scheduling, fleet } = composeScheduler({
    clock,
    launcher,
    events,
    node: { id: 'local', memoryBytes: config.engineMemoryBytes, threads: config.threads },
    load,
    traffic: revisions,
    propose: (proposal) => control.deployments.propose(proposal),
    changed: () => control.deployments.replicasChanged(),
    happened: (event) => control.happened(event),
  });
  const control: ControlPlane = composeControlPlane({
    db,
    clock,
    events,
    blobFolder: folder.blobs,
    threadsDefault: config.threadsDefault,
    scheduling,
    fleet,
    costing: file.costing,
    live: { now: () => figuresOf(recent(), load()), totals },
    publish: (feed) => plane.update(feed),
    ...(await outgoing(options)),
  });
  const state = { draining: false };
  const readiness = () => readinessOf({ ...state, received: plane.routes.received, writable: usageLog.writable });
  const plane = composeDataPlane({
    clock,
    callers: control.entitlements,
    usage: usageLog,
    repository: repositoryOf(control),
    events,
    limits: config,
    wake: () => reconciler.wake(),
    ready: () => readiness().ready,
    version: VERSION,
  });
  const { org, operatorKey } = await recover(control, clock);
  const poster = new Poster({ clock, storage, log: usageLog, post: ({ rows }) => control.usage.post(rows), report: (problem) => events.usageProblem(problem) });
  stack.defer(() => poster.close());
  stack.defer(() => usageLog.close());
  stack.defer(() => end(control));
  const app = await createApp({ options, clock, control, plane, events, ready: readiness, metrics: () => registry.metrics() });
  stack.defer(() => app.close());
  stack.defer(() => launcher.close());
  const address = await listen(app.server, config.host, config.port);
  stack.defer(() => reconciler.close(config.drainMs));
  stack.defer(() => control.costing.close()); // before the engines end: what they used is read from them
  stack.defer(() => drain(app.server, clock, config, state));
  await begin(control);
  const parts = stack.move();
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    server: app.server,
    operatorKey,
    operator: operatorOf(org),
    control,
    close: () => parts.disposeAsync(),
  };
}

/** The way out, and what is signed on it. */
async function outgoing({ clock = systemClock, file, folder }: StartOptions): Promise<{ readonly egress: Egress; readonly signingKey: Buffer }> {
  return { egress: new Egress({ clock, allow: parseAllow(file?.egress?.allow ?? []) }), signingKey: await readSigningKey(folder.signingKey) };
}

/** Who acts for the server itself. */
function operatorOf({ id, name }: { readonly id: string; readonly name: string }): CallerEntry {
  return { hash: '', keyId: 'local', orgId: id, orgName: name, scopes: ['operator'], allowedModels: undefined, expiresAtMs: undefined, limits: {}, offers: [] };
}

/** Makes the platform's own organisation at the first start, reads who may call, and clears up after a former process that was cut short. */
async function recover({ identity, entitlements, jobs, registry }: ControlPlane, clock: Clock) {
  const platform = await identity.ensurePlatform();
  entitlements.load(await identity.listLive());
  await jobs.recover();
  await sweepPulls(registry.blobs);
  await registry.blobs.sweepUploads(clock.now());
  return platform;
}

/** What goes on by itself from now on. */
async function begin({ deployments, history, slos, alerts, costing }: ControlPlane): Promise<void> {
  await deployments.refresh();
  await history.start();
  await slos.start();
  await alerts.start();
  costing.start();
}

async function end({ alerts, history, monitoring, jobs }: ControlPlane): Promise<void> {
  await alerts.close();
  await history.close();
  await monitoring.close();
  await jobs.close();
}

interface AppParts {
  readonly options: StartOptions;
  readonly clock: Clock;
  readonly control: ControlPlane;
  readonly plane: ReturnType<typeof composeDataPlane>;
  readonly events: Events;
  ready(): ReturnType<typeof readinessOf>;
  metrics(): Promise<string>;
}

/** The one server: inference routes by the data plane, all else by the control API. */
function createApp({ options, clock, control, plane, events, ready, metrics }: AppParts) {
  return createControl({
    authenticate: plane.authenticate,
    version: VERSION,
    domains: routesOf(control, options.environment),
    operations: { ready, metrics },
    failed: (fault) => events.callRefused('control', fault),
    createServer: (handler) => createListener({ clock, inference: plane.inference, publicHosts: options.config.publicHosts }, handler),
  });
}

/** What is mounted under `/api/v1`. */
function routesOf(control: ControlPlane, environment: StartOptions['environment']) {
  const { identity, usage, registry, deployments, jobs, monitoring, evaluation, costing } = control;
  return [
    identityRoutes(identity),
    usageRoutes(usage),
    registryRoutes(registry),
    pullRoutes(registry, jobs, environment),
    deploymentRoutes(deployments),
    jobRoutes(jobs),
    monitoringRoutes(monitoring),
    alertRoutes(control),
    historyRoutes(control.history),
    sloRoutes(control.slos),
    evaluationRoutes(evaluation),
    costRoutes(costing),
  ];
}

function readinessOf({ draining, received, writable }: { draining: boolean; received: boolean; writable: boolean }) {
  const reasons = [draining && 'draining', !received && 'no routes yet', !writable && 'the usage log can not be written'].filter((reason) => reason !== false);
  return { ready: reasons.length === 0, status: draining ? ('draining' as const) : reasons.length === 0 ? ('ready' as const) : ('unready' as const), reasons };
}

/** Unready for `drainDelayMs`, so that balancers look away while all is still served; then no new connections, and `drainMs` for the answers under way. */
async function drain(server: Server, clock: Clock, { drainDelayMs, drainMs }: Pick<Config, 'drainDelayMs' | 'drainMs'>, state: { draining: boolean }): Promise<void> {
  state.draining = true;
  if (drainDelayMs > 0) await clock.after(drainDelayMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cancel = clock.timer(drainMs, () => server.closeAllConnections());
  await closed;
  cancel();
}
