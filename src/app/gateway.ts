import { type Clock, systemClock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { VERSION } from '../contract/version.ts';
import type { Repository } from '../data-plane/ports.ts';
import { Budgets, Lineages } from '../control-plane/entitlements/index.ts';
import { listReplacements } from '../control-plane/identity/index.ts';
import { EventLog } from '../control-plane/monitoring/index.ts';
import { Pricing } from '../control-plane/pricing/index.ts';
import { connect, type Db } from '../db/open.ts';
import { createControl } from '../http/control.ts';
import { createListener, listen } from '../http/listener.ts';
import { createTelemetry } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { UsageLog } from '../usage-log/log.ts';
import { Poster } from '../usage-log/poster.ts';
import { folderStorage } from '../usage-log/storage.ts';
import { composeDataPlane, type DataPlane } from './compose/data-plane.ts';
import { composeMoney } from './compose/money.ts';
import type { Config } from './config.ts';
import { FeedFollower } from './feeds/follower.ts';
import { KeptFeeds } from './feeds/kept.ts';
import { LoadReporter } from './feeds/loads.ts';
import { Later } from './feeds/later.ts';
import { loadByDeployment } from './figures.ts';
import type { GatewayFolder } from './home.ts';
import { drain, readinessOf } from './readiness.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly folder: GatewayFolder;
  /** The database that it shares with the server: a file of the same machine, or PostgreSQL. */
  readonly database: string;
  readonly log: Logger;
  /** Tests bring their own. */
  readonly clock?: Clock;
}

/** A gateway in a process of its own: it serves calls by feeds, leases and a usage log of its own, and never waits for who leads. */
export interface RunningGateway {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a gateway, in the order in which its parts need each other; they end in the opposite order. */
export async function startGateway({ config, folder, database, log, clock = systemClock }: GatewayOptions): Promise<RunningGateway> {
  await using stack = new AsyncDisposableStack();
  const db = connect(database);
  stack.defer(() => db.destroy());
  const storage = await folderStorage(folder.usageLog);
  const usageLog = await UsageLog.open({ clock, storage, sync: config.usageLogSync });
  const state = { draining: false };
  const ready = () =>
    readinessOf({
      ...state,
      received: plane.routes.received,
      writable: usageLog.writable,
      confirmedMs: follower.confirmedAt === undefined ? undefined : clock.monotonic() - follower.confirmedAt,
    });
  const { events, registry } = createTelemetry(log, clock, { load: () => loadByDeployment(plane.dispatch.load()), replicas: () => [], burns: () => [] });
  const problem = (error: unknown) => events.controlProblem(error);
  const happenings = new EventLog({ db, clock, problem });
  const lineages = new Lineages();
  const money = composeMoney({
    db,
    clock,
    gateway: folder.name,
    pricing: pricesOf(db, clock, happenings),
    budgets: new Budgets(lineages),
    happened: (event) => happenings.record({ ...NO_REPLICA, ...event }),
    problem,
  });
  const kept = new KeptFeeds(folder.feeds);
  const known = await kept.load();
  const keep = async () => {
    await kept.save();
    for (const [key, by] of await listReplacements(db)) lineages.replaced(key, by);
  };
  const keeper = new Later(clock, KEEP_AFTER_MS, keep, problem);
  const follower: FeedFollower = new FeedFollower({
    db,
    clock,
    since: kept.versions,
    takeRoutes: (row) => plane.update(kept.takeRoutes(row)),
    takeCaller: (row) => kept.takeCaller(row),
    changed: () => keeper.soon(),
    problem,
  });
  const plane: DataPlane = composeDataPlane({
    clock,
    callers: kept,
    usage: usageLog,
    leases: money.own,
    replays: money.replays,
    repository: NO_REPOSITORY,
    events,
    limits: config,
    wake: () => loads.report(),
    ready: () => ready().ready,
    version: VERSION,
  });
  const loads = new LoadReporter({ db, clock, gateway: folder.name, load: () => plane.dispatch.load(), problem });
  stack.defer(() => happenings.close());
  stack.defer(() => money.own.close());
  stack.defer(() => plane.credit.close());
  const poster = new Poster({ clock, storage, log: usageLog, post: (batch) => money.own.post(batch, plane.credit), report: (failure) => events.usageProblem(failure) });
  stack.defer(() => poster.close());
  stack.defer(() => usageLog.close());
  if (known) plane.update(known);
  await follower.start();
  stack.defer(() => keeper.close());
  stack.defer(() => follower.close());
  const app = await createControl({
    authenticate: plane.authenticate,
    version: VERSION,
    domains: [],
    operations: { ready, metrics: () => registry.metrics() },
    failed: (fault) => events.callRefused('control', fault),
    createServer: (handler) => createListener({ clock, inference: plane.inference, publicHosts: config.publicHosts }, handler),
  });
  stack.defer(() => app.close());
  const address = await listen(app.server, config.host, config.port);
  stack.defer(() => loads.close());
  stack.defer(() => drain(app.server, clock, config));
  stack.defer(() => {
    state.draining = true;
  });
  loads.start();
  // Without waiting for it: calls without a price are served while the database is away.
  void money.own.start(poster.replayed);
  const parts = stack.move();
  return { url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`, close: () => parts.disposeAsync() };
}

/** What has changed of the feeds is kept on disk after so long, many changes at once. */
const KEEP_AFTER_MS = 1_000;
const NO_REPLICA = { revision: '', replica: '', node: '' };

/** Prices are made where the server is; here they are read. */
function pricesOf(db: Db, clock: Clock, happenings: EventLog): Pricing {
  return new Pricing({
    db,
    clock,
    currency: '',
    taxBasisPoints: 0,
    unavailable: (version, reason, asked) =>
      happenings.record({ ...NO_REPLICA, ...asked, state: 'price_unavailable', reason: `the price ${version} can't be read: ${reason}; paid calls are refused` }),
  });
}

const elsewhere = () => Promise.reject(new Fault('permission_denied', 'not_here', 'This is a gateway: models are loaded and unloaded at the server that leads.'));
const NO_REPOSITORY: Repository = { load: elsewhere, unload: elsewhere };
