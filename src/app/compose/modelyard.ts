import type { Clock } from '../../base/clock.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { HUB_ENDPOINT } from '../../control-plane/registry/index.ts';
import type { UsageSink } from '../../data-plane/ports.ts';
import { takeLease } from '../../db/leases.ts';
import type { Db } from '../../db/open.ts';
import { Leadership } from '../../scheduler/leadership.ts';
import type { Launcher } from '../../scheduler/ports.ts';
import { createTelemetry } from '../../telemetry/events.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Tracing } from '../../telemetry/tracing/tracing.ts';
import { type ConfigFile, garbageSettings } from '../config-file.ts';
import type { Config } from '../config.ts';
import { figuresOf, gaugeSources, loadByDeployment } from '../figures.ts';
import type { InnerCalls } from '../inner-calls.ts';
import type { HomeFolder } from '../home.ts';
import { mainGatewayName } from '../own-gateway.ts';
import { composeAudit } from './audit.ts';
import { composeControlPlane, type ControlPlane, repositoryOf } from './control-plane.ts';
import { composeDataPlane, type DataPlane } from './data-plane.ts';
import { composeFeeds, type Feeds } from './feeds.ts';
import { composeForeign } from './foreign.ts';
import { composeInnerCalls } from './inner-calls.ts';
import { composeScheduler } from './scheduler.ts';

/** What is open already when the parts are joined. */
export interface ModelyardParts {
  readonly config: Config;
  readonly file: ConfigFile;
  readonly clock: Clock;
  readonly log: Logger;
  readonly db: Db;
  readonly usageLog: UsageSink;
  readonly launcher: Launcher;
  /** Its path is also this server's own name among those that share the database. */
  readonly folder: HomeFolder;
  readonly signingKey: Buffer;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tracing: Tracing | undefined;
  ready(): boolean;
  live(): boolean;
}

/** The scheduler, the control plane and the data plane, joined: nothing runs yet. What each needs of the others it asks for when it is there. */
export function composeModelyard({ config, file, clock, log, db, usageLog, launcher: own, folder, signingKey, tracing, ready, live, ...parts }: ModelyardParts) {
  const telemetry = createTelemetry(log, clock, { load: () => loadByDeployment(plane.dispatch.load()), ...gaugeSources(() => control) }, tracing);
  const { events } = telemetry;
  const foreign = composeForeign({ ...parts, logFolder: folder.logs, db, clock, file, signingKey, own, running: () => running(control) });
  const { reconciler, scheduling, fleet } = composeScheduler({
    clock,
    launcher: foreign.launcher,
    foreign: foreign.needs,
    events,
    node: { id: 'local', memoryBytes: config.engineMemoryBytes, threads: config.threads },
    epoch: () => leadership.epoch,
    load: () => feeds.loads.with(plane.dispatch.calledLoad()),
    traffic: telemetry.revisions,
    propose: (proposal) => control.deployments.propose(proposal),
    changed: () => control.deployments.replicasChanged(),
    happened: (event) => control.happened(event),
  });
  const leadership = new Leadership({
    clock,
    ttlMs: config.leaderTtlMs,
    take: (epoch, ttlMs) => takeLease(db, { name: 'leader', holder: folder.path, epoch, now: clock.now(), ttlMs }),
    gained: () => void control.deployments.refresh().catch((error: unknown) => events.controlProblem(error)),
    lost: () => reconciler.stepDown(),
    problem: (error) => events.controlProblem(error),
  });
  const innerCalls: InnerCalls = composeInnerCalls(clock, () => ({ control, plane }));
  const control: ControlPlane = composeControlPlane({
    db,
    clock,
    events,
    blobFolder: folder.blobs,
    threadsDefault: config.threadsDefault,
    scheduling,
    fleet,
    ...sectionsOf(file),
    live: { now: () => figuresOf(telemetry.recent(), plane.dispatch.calledLoad()), totals: telemetry.totals },
    gateway: innerCalls,
    egress: foreign.egress,
    foreign,
    signingKey,
    gatewayName: mainGatewayName(signingKey),
    waitMs: config.leaseWaitMs,
    publish: (feed) => feeds.publish(feed),
    callerChanged: (change) => feeds.callerChanged(change.hash, 'removed' in change ? undefined : change),
  });
  const written = composeAudit({ db, clock, signingKey, folder: folder.audit, problem: (error) => events.controlProblem(error) });
  const plane: DataPlane = composeDataPlane({
    clock,
    callers: { find: (hash) => callerOf(hash, feeds, control) ?? innerCalls.find(hash) },
    usage: usageLog,
    ...portsOf(control),
    audit: written.audit,
    foreign: foreign.servers,
    telemetry,
    limits: config,
    wake: () => reconciler.wake(),
    ready,
    live,
  });
  const feeds: Feeds = composeFeeds({
    db,
    clock,
    leads: () => leadership.epoch !== undefined,
    update: (feed) => plane.update(feed),
    own: (hash) => control.entitlements.find(hash),
    wake: () => reconciler.wake(),
    problem: (error) => events.controlProblem(error),
  });
  return { control, plane, feeds, leadership, reconciler, launcher: foreign.launcher, events, written, metrics: () => telemetry.registry.metrics() };
}

/** What calls need of the control plane. */
function portsOf(control: ControlPlane) {
  return { leases: control.own, replays: control.replays, repository: repositoryOf(control) };
}

/** What of the operator's file the control plane goes by. */
function sectionsOf(file: ConfigFile) {
  const { costing, market, sources } = file;
  return { costing, market, garbage: garbageSettings(file), hub: { endpoint: sources?.hf?.endpoint ?? HUB_ENDPOINT, tokenFile: sources?.hf?.tokenFile } };
}

/** All deployments, with what serves them. */
function running({ deployments }: ControlPlane) {
  return deployments.list({ orgId: '', orgName: '', scopes: ['operator'] }).map(({ name }) => ({ name, manifest: deployments.manifestOf(name) }));
}

/** A key's entry: as another server has changed it, or as this one knows it. */
function callerOf(hash: string, { foreign }: Feeds, { entitlements }: ControlPlane): CallerEntry | undefined {
  const other = foreign.find(hash);
  return other === undefined ? entitlements.find(hash) : (other ?? undefined);
}

export type Modelyard = ReturnType<typeof composeModelyard>;
