import type { Server } from 'node:http';
import type { Clock } from '../base/clock.ts';

/** Whether this server takes calls, and what speaks against it. */
export interface Readiness {
  readonly ready: boolean;
  /** `degraded`: it takes calls, and something that it can do without for a while is away. */
  readonly status: 'ready' | 'degraded' | 'unready' | 'draining';
  readonly reasons: readonly string[];
}

/** The feeds are confirmed five times a second: after so long the database is away. */
const DATABASE_AWAY_MS = 5_000;

/** All of it is known already: a probe asks nobody. */
export interface Vitals {
  readonly draining: boolean;
  /** Routes have come. */
  readonly received: boolean;
  readonly writable: boolean;
  /** The thread has been too late for too long: calls are refused. */
  readonly overloaded: boolean;
  /** How long ago the database last answered; while it never has, how long this process is there. */
  readonly databaseMs: number;
  /** How long ago the database confirmed both feeds, over restarts; undefined: they are made in this process. */
  readonly confirmedMs?: number | undefined;
  /** Feeds that nobody has confirmed for so long are not called by any more: a key may have been revoked since. */
  readonly feedsAgeMsMax: number;
}

export function readinessOf({ draining, received, writable, overloaded, databaseMs, confirmedMs = 0, feedsAgeMsMax }: Vitals): Readiness {
  const against = [
    draining && 'draining',
    !received && 'no routes yet',
    !writable && 'the usage log can not be written',
    overloaded && 'overloaded: the event loop is more than a second late',
    confirmedMs > feedsAgeMsMax && `nobody has confirmed the routes and keys for ${Math.floor(confirmedMs / 60_000)} minutes`,
  ].filter((reason) => reason !== false);
  const ready = against.length === 0;
  const away = databaseMs > DATABASE_AWAY_MS;
  const reasons = away ? [...against, 'the database does not answer'] : against;
  return { ready, status: draining ? 'draining' : !ready ? 'unready' : away ? 'degraded' : 'ready', reasons };
}

export interface DrainTimes {
  readonly drainDelayMs: number;
  readonly drainMs: number;
}

/** Already unready: all is served on for `drainDelayMs`, so that balancers look away; then no new connections, and `drainMs` for the answers under way. */
export async function drain(server: Server, clock: Clock, { drainDelayMs, drainMs }: DrainTimes): Promise<void> {
  if (drainDelayMs > 0) await clock.after(drainDelayMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cancel = clock.timer(drainMs, () => server.closeAllConnections());
  await closed;
  cancel();
}
