import type { Server } from 'node:http';
import type { Clock } from '../base/clock.ts';

/** Whether this server takes calls, and what speaks against it. */
export interface Readiness {
  readonly ready: boolean;
  readonly status: 'ready' | 'unready' | 'draining';
  readonly reasons: readonly string[];
}

export function readinessOf({ draining, received, writable }: { readonly draining: boolean; readonly received: boolean; readonly writable: boolean }): Readiness {
  const reasons = [draining && 'draining', !received && 'no routes yet', !writable && 'the usage log can not be written'].filter((reason) => reason !== false);
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
