import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Destination, pinned } from './exchange.ts';
import type { Target } from './target.ts';

/** Connects to one of the addresses that were checked; the name is never asked about again. Resolves once the other side may be sent to. */
export async function dial({ host, port, isHttps, address }: Target, { addresses, ca }: Destination, signal: AbortSignal): Promise<Socket> {
  // An address that was written as a number is no name to be looked up: it is the one that was checked.
  const to = { host, port, noDelay: true, ...(!address && { lookup: pinned(addresses), autoSelectFamily: true }) };
  const socket = isHttps ? connectTls({ ...to, ...(!address && { servername: host }), ALPNProtocols: ['http/1.1'], ...(ca && { ca: [...ca] }) }) : connect(to);
  try {
    await once(socket, isHttps ? 'secureConnect' : 'connect', { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}
