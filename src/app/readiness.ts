import type { Server } from 'node:http';
import type { Clock } from '../base/clock.ts';

/** Whether this server takes calls, and what speaks against it. */
export interface Readiness {
  readonly ready: boolean;
  readonly status: 'ready' | 'unready' | 'draining';
  readonly reasons: readonly string[];
}

/** Feeds that nobody has confirmed for so long are not called by any more: a key may have been revoked since. */
const FEEDS_AGE_MS_MAX = 24 * 3_600_000;

export interface Vitals {
  readonly draining: boolean;
  /** Routes have come. */
  readonly received: boolean;
  readonly writable: boolean;
  /** How long ago the database confirmed both feeds; while it never has, how long this process is there; undefined: they are made in this process. */
  readonly confirmedMs?: number | undefined;
}

export function readinessOf({ draining, received, writable, confirmedMs = 0 }: Vitals): Readiness {
  const reasons = [
    draining && 'draining',
    !received && 'no routes yet',
    !writable && 'the usage log can not be written',
    confirmedMs > FEEDS_AGE_MS_MAX && 'nobody has confirmed the routes and keys for a day',
  ].filter((reason) => reason !== false);
  const ready = reasons.length === 0;
  return { ready, status: draining ? 'draining' : ready ? 'ready' : 'unready', reasons };
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
