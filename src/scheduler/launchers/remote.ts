import { Fault } from '../../contract/errors.ts';
import type { ForeignAddress } from '../../contract/feeds.ts';
import type { ExitInfo, Launched, Launcher } from '../ports.ts';

/** What is asked to see whether a server is there and takes our credential. */
const PROBE_PATH = { openai: '/models', oip: '/v2/health/ready' } as const;

/** Somebody else's server, as the operator has named it. */
export interface RemoteServer {
  readonly url: string;
  readonly dialect: keyof typeof PROBE_PATH;
  readonly slots: number;
  readonly binary: boolean;
  readonly sealed: string | undefined;
}

export interface RemoteLauncherOptions {
  find(upstream: string): RemoteServer | undefined;
  /** Asks a server's address with its credential. Returns the answer's status. @throws Fault when it can't be reached */
  probe(server: RemoteServer, path: string): Promise<number>;
}

/** Replicas that run somewhere else: nothing is started, and nothing of this machine taken. One is ready when its server answers. */
export function createRemoteLauncher({ find, probe }: RemoteLauncherOptions): Launcher {
  const running = new Set<() => void>();
  return {
    launch({ deployment, engine: { manifest } }) {
      const exited = Promise.withResolvers<ExitInfo>();
      const end = (reason: string) => {
        running.delete(stop);
        exited.resolve({ reason });
      };
      const stop = () => end('stopped');
      running.add(stop);
      const name = String(manifest.engineOptions['upstream']);
      const server = find(name);
      const ready = reach(server, name, probe);
      ready.catch((error: unknown) => end(error instanceof Error ? error.message : String(error)));
      return {
        address: addressOf(server, String(manifest.engineOptions['model'] ?? deployment)),
        ready,
        exited: exited.promise,
        stop: async () => stop(),
      } satisfies Launched;
    },
    logs: () => [],
    close: async () => running.forEach((stop) => stop()),
  };
}

async function reach(server: RemoteServer | undefined, name: string, probe: RemoteLauncherOptions['probe']): Promise<{ readonly slots: number }> {
  if (!server) throw new Fault('conflict', 'no_such_upstream', `The upstream "${name}" is gone.`);
  const status = await probe(server, PROBE_PATH[server.dialect]);
  if (status === 401 || status === 403)
    throw new Fault('bad_upstream', 'credential_refused', `The upstream "${name}" refuses its credential (${status}); set it anew with: modelyard upstreams set ${name} …`);
  if (status >= 500) throw new Fault('bad_upstream', 'upstream_not_ready', `The upstream "${name}" answers ${status}.`);
  return { slots: server.slots };
}

function addressOf(server: RemoteServer | undefined, model: string): ForeignAddress {
  return { url: server?.url ?? 'http://invalid', isOurs: false, model, ...(server?.binary && { isBinary: true }), ...(server?.sealed !== undefined && { sealed: server.sealed }) };
}
