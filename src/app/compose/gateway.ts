import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { Budgets, Lineages } from '../../control-plane/entitlements/index.ts';
import { listReplacements } from '../../control-plane/identity/index.ts';
import { EventLog } from '../../control-plane/monitoring/index.ts';
import { Pricing } from '../../control-plane/pricing/index.ts';
import type { Repository, UsageSink } from '../../data-plane/ports.ts';
import type { Db } from '../../db/open.ts';
import { createTelemetry } from '../../telemetry/events.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Tracing } from '../../telemetry/tracing/tracing.ts';
import type { Config } from '../config.ts';
import type { ConfigFile } from '../config-file.ts';
import { Credentials, foreignServers } from '../foreign-servers.ts';
import { FeedFollower } from '../feeds/follower.ts';
import type { KeptFeeds } from '../feeds/kept.ts';
import { Later } from '../feeds/later.ts';
import { LoadReporter } from '../feeds/loads.ts';
import { loadByDeployment } from '../figures.ts';
import { composeDataPlane, type DataPlane } from './data-plane.ts';
import { egressOf } from './foreign.ts';
import { composeMoney } from './money.ts';

/** What has changed of the feeds is kept on disk after so long, many changes at once. */
const KEEP_AFTER_MS = 1_000;
/** And so often at least, because the file says when they were last confirmed. */
const KEEP_EVERY_MS = 600_000;
const NO_REPLICA = { revision: '', replica: '', node: '' };

export interface GatewayParts {
  readonly config: Config;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly db: Db;
  readonly usageLog: UsageSink;
  readonly kept: KeptFeeds;
  readonly file: ConfigFile;
  readonly signingKey: Buffer;
  readonly tracing: Tracing | undefined;
  ready(): boolean;
  live(): boolean;
}

/** A gateway's parts, joined: nothing runs yet. */
export function composeGateway({ config, file, signingKey, name, clock, log, db, usageLog, kept, tracing, ready, live }: GatewayParts) {
  const telemetry = createTelemetry(log, clock, { load: () => loadByDeployment(plane.dispatch.load()), replicas: () => [], burns: () => [] }, tracing);
  const { events } = telemetry;
  const problem = (error: unknown) => events.controlProblem(error);
  const happenings = new EventLog({ db, clock, problem });
  const lineages = new Lineages();
  const money = composeMoney({
    db,
    clock,
    gateway: name,
    waitMs: config.leaseWaitMs,
    pricing: pricesOf(db, clock, happenings),
    budgets: new Budgets(lineages),
    happened: (event) => happenings.record({ ...NO_REPLICA, ...event }),
    problem,
  });
  let keptAt = Number.NEGATIVE_INFINITY;
  const keep = async () => {
    keptAt = clock.monotonic();
    await kept.save(clock.now());
    for (const [key, by] of await listReplacements(db)) lineages.replaced(key, by);
  };
  const keeper = new Later(clock, KEEP_AFTER_MS, keep, problem);
  const follower: FeedFollower = new FeedFollower({
    db,
    clock,
    since: kept.versions,
    takeRoutes: (row) => plane.update(kept.takeRoutes(row)),
    takeCaller: (row) => kept.takeCaller(row),
    renewing: () => kept.renew(),
    renewed(generation) {
      kept.renewed(generation);
      plane.routes.renew();
    },
    changed: () => keeper.soon(),
    confirmed() {
      if (clock.monotonic() - keptAt >= KEEP_EVERY_MS) keeper.soon();
    },
    problem,
  });
  const plane: DataPlane = composeDataPlane({
    clock,
    callers: kept,
    usage: usageLog,
    leases: money.own,
    foreign: foreignServers(egressOf(file, clock), new Credentials(signingKey)),
    replays: money.replays,
    repository: NO_REPOSITORY,
    telemetry,
    limits: config,
    wake: () => loads.report(),
    ready,
    live,
  });
  const loads = new LoadReporter({ db, clock, gateway: name, load: () => plane.dispatch.calledLoad(), problem });
  return { plane, own: money.own, follower, keeper, happenings, loads, events, metrics: () => telemetry.registry.metrics() };
}

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
