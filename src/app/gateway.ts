import { type Clock, systemClock } from '../base/clock.ts';
import { connect } from '../db/open.ts';
import { listen } from '../http/listener.ts';
import { Pressure } from '../http/pressure.ts';
import type { Logger } from '../telemetry/log.ts';
import { UsageLog } from '../usage-log/log.ts';
import { Poster } from '../usage-log/poster.ts';
import { folderStorage } from '../usage-log/storage.ts';
import { watchCertificate } from './certificate.ts';
import { composeGateway } from './compose/gateway.ts';
import { composeServer } from './compose/server.ts';
import type { Config } from './config.ts';
import { urlOf } from './exposure.ts';
import type { FeedFollower } from './feeds/follower.ts';
import { KeptFeeds } from './feeds/kept.ts';
import type { ConfigFile } from './config-file.ts';
import type { GatewayFolder } from './home.ts';
import { tracingOf } from './otlp.ts';
import { readSigningKey } from './signing-key.ts';
import { drain, readinessOf } from './readiness.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly folder: GatewayFolder;
  /** The database that it shares with the server: a file of the same machine, or PostgreSQL. */
  readonly database: string;
  readonly log: Logger;
  /** The operator's own file; absent: an empty one. */
  readonly file?: ConfigFile;
  /** Of the home's own secret. */
  readonly signingKey: string;
  /** Tests bring their own. */
  readonly clock?: Clock;
}

/** A gateway in a process of its own: it serves calls by feeds, leases and a usage log of its own, and never waits for who leads. */
export interface RunningGateway {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a gateway, in the order in which its parts need each other; they end in the opposite order. */
export async function startGateway({ config, folder, database, log, file = {}, signingKey, clock = systemClock }: GatewayOptions): Promise<RunningGateway> {
  await using stack = new AsyncDisposableStack();
  const tracing = await tracingOf(config, { clock, log, stack });
  const db = connect(database);
  stack.defer(() => db.destroy());
  const storage = await folderStorage(folder.usageLog);
  const usageLog = await UsageLog.open({ clock, storage, sync: config.usageLogSync });
  const state = { draining: false };
  const pressure = stack.adopt(new Pressure(clock), (one) => one.close());
  const startedAt = clock.monotonic();
  const ready = () =>
    readinessOf({
      ...state,
      ...confirmation(follower, kept, { clock, startedAt }),
      received: plane.routes.received,
      writable: usageLog.writable,
      overloaded: pressure.shedding,
      feedsAgeMsMax: config.feedsAgeMsMax,
    });
  const live = () => !pressure.shedding;
  const kept = new KeptFeeds(folder.feeds);
  const known = await kept.load();
  const gateway = composeGateway({
    config,
    file,
    signingKey: await readSigningKey(signingKey),
    name: folder.name,
    clock,
    log,
    db,
    usageLog,
    kept,
    tracing,
    ready: () => ready().ready,
    live,
  });
  const { plane, own, follower, events } = gateway;
  stack.defer(() => gateway.happenings.close());
  stack.defer(() => own.close());
  stack.defer(() => plane.credit.close());
  const poster = new Poster({ clock, storage, log: usageLog, post: (batch) => own.post(batch, plane.credit), report: (failure) => events.usageProblem(failure) });
  stack.defer(() => poster.close());
  stack.defer(() => usageLog.close());
  if (known) plane.update(known);
  await follower.start();
  stack.defer(() => gateway.keeper.close());
  stack.defer(() => follower.close());
  const withoutApi = 'This is a gateway: it serves calls. The control API is at the server beside it.';
  const app = await composeServer({ ...gateway, config, clock, pressure, ready }, { domains: [], withoutApi });
  stack.defer(() => app.close());
  stack.defer(() => plane.dispatch.close());
  pressure.start();
  const address = await listen(app.server, config.host, config.port);
  if (config.exposure.tls) stack.defer(watchCertificate({ server: app.server, files: config.exposure.tls, clock, problem: (error) => events.controlProblem(error) }));
  stack.defer(() => gateway.loads.close());
  stack.defer(() => drain(app.server, clock, config));
  stack.defer(() => {
    state.draining = true;
  });
  gateway.loads.start();
  // Without waiting for it: calls without a price are served while the database is away.
  void own.start(poster.replayed, plane.credit);
  const parts = stack.move();
  return { url: urlOf(address, config.exposure), close: () => parts.disposeAsync() };
}

/** For how long the database has not confirmed the feeds, milliseconds: in this run, and over restarts without a database as far as the file tells. */
function confirmation({ confirmedAt }: FeedFollower, kept: KeptFeeds, { clock, startedAt }: { readonly clock: Clock; readonly startedAt: number }) {
  const databaseMs = clock.monotonic() - (confirmedAt ?? startedAt);
  if (confirmedAt !== undefined) return { databaseMs, confirmedMs: databaseMs };
  return { databaseMs, confirmedMs: Math.max(databaseMs, clock.now() - (kept.confirmedAt ?? clock.now())) };
}
