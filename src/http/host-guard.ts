import { Fault } from '../contract/errors.ts';

/** Names by which a server on loopback may be called. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const KNOWN_MAX = 16;

/**
 * Refuses a request whose Host is not one of ours, so that a page whose name was rebound to 127.0.0.1 gets nothing (X39).
 * The port does not matter: a browser's page can't choose the name, and that is what is checked.
 */
export function createHostGuard(publicHosts: readonly string[]): (host: string | undefined) => Fault | undefined {
  const allowed = new Set([...LOOPBACK, ...publicHosts]);
  /** Names with their ports that were found good: there are as many as ports are tried, so no more than a few are kept. */
  const known = new Set<string>();
  return (host) => {
    if (host !== undefined && known.has(host)) return undefined;
    const name = host?.replace(/:\d+$/, '').toLowerCase();
    if (host !== undefined && name !== undefined && allowed.has(name)) {
      if (known.size < KNOWN_MAX) known.add(host);
      return undefined;
    }
    return new Fault('permission_denied', 'host_not_allowed', 'This server does not answer to the name in the Host header.');
  };
}
