import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { EngineSpec } from '../contract/engine-wire.ts';

export type Address = { readonly socket: string } | { readonly host: string; readonly port: number };

/** Binds to the unix socket or TCP address that the launcher chose; the socket's folder is what keeps others out. */
export async function bind(server: Server, listen: EngineSpec['listen']): Promise<{ address: Address; close(): Promise<void> }> {
  if ('socket' in listen) {
    await rm(listen.socket, { force: true });
    server.listen({ path: listen.socket });
  } else server.listen({ host: listen.host, port: listen.port });
  await once(server, 'listening');
  const bound = server.address();
  const address = 'socket' in listen ? { socket: listen.socket } : { host: listen.host, port: typeof bound === 'object' && bound !== null ? bound.port : listen.port };
  return {
    address,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
