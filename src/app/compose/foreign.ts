import type { Clock } from '../../base/clock.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { type Upstream, Upstreams } from '../../control-plane/upstreams/index.ts';
import type { Db } from '../../db/open.ts';
import { parseAllow } from '../../egress/allow.ts';
import { Egress } from '../../egress/egress.ts';
import { createCommandLauncher } from '../../scheduler/launchers/command.ts';
import { launchByKind } from '../../scheduler/launchers/by-kind.ts';
import { createRemoteLauncher, type RemoteServer } from '../../scheduler/launchers/remote.ts';
import type { Launcher } from '../../scheduler/ports.ts';
import type { ConfigFile } from '../config-file.ts';
import { Credentials, foreignServers } from '../foreign-servers.ts';

const PROBE_TIMEOUT_MS = 10_000;

export interface ForeignParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly file: ConfigFile;
  readonly signingKey: Buffer;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logFolder: string;
  /** The launcher of our own engines. */
  readonly own: Launcher;
  /** All deployments, with what serves them. */
  running(): readonly { readonly name: string; readonly manifest: Manifest | undefined }[];
}

/** The only way out, by the operator's list of what is opened. */
export function egressOf({ egress }: ConfigFile, clock: Clock): Egress {
  return new Egress({ clock, allow: parseAllow(egress?.allow ?? []), ...(egress?.caFile !== undefined && { caFile: egress.caFile }) });
}

export type Foreign = ReturnType<typeof composeForeign>;

/** Servers that are not ours: which there are, how their replicas come to be, and how they are reached. */
export function composeForeign({ db, clock, file, signingKey, environment, logFolder, own, running }: ForeignParts) {
  const egress = egressOf(file, clock);
  const templates = file.engines ?? {};
  const credentials = new Credentials(signingKey);
  const upstreams = new Upstreams(db, clock, {
    check: (url) => egress.check(url, 'operator'),
    seal: (credential, url) => credentials.seal(credential, url),
    usedBy: (name) => running().find(({ manifest }) => manifest?.engine === 'remote' && manifest.engineOptions['upstream'] === name)?.name,
  });
  const launcher = launchByKind({
    own,
    command: createCommandLauncher({ clock, logFolder, environment, templates, seal: (secret, url) => credentials.seal(secret, url) }),
    remote: createRemoteLauncher({ find: (name) => upstreams.find(name), probe: (server, path) => probe(egress, credentials, { server, path }) }),
  });
  const sourceOf = ({ engine, engineOptions }: Manifest): { slots?: number; memoryMib?: number } | undefined => {
    if (engine === 'command') return templates[String(engineOptions['template'])];
    return engine === 'remote' ? upstreams.find(String(engineOptions['upstream'])) : undefined;
  };
  return {
    egress,
    upstreams,
    launcher,
    servers: foreignServers(egress, credentials),
    engines: { dialectOf: (kind: 'command' | 'remote', name: string): Upstream['dialect'] | undefined => (kind === 'command' ? templates[name] : upstreams.find(name))?.dialect },
    needs: { slotsOf: (manifest: Manifest) => sourceOf(manifest)?.slots, memoryMibOf: (manifest: Manifest) => sourceOf(manifest)?.memoryMib ?? 0 },
  };
}

async function probe(egress: Egress, credentials: Credentials, { server, path }: { readonly server: RemoteServer; readonly path: string }): Promise<number> {
  const { url, sealed } = server;
  const headers: Record<string, string> = sealed === undefined ? {} : { authorization: `Bearer ${credentials.open(sealed, url)}` };
  const { status } = await egress.send({ url: `${url}${path}`, madeBy: 'operator', method: 'GET', headers, timeoutMs: PROBE_TIMEOUT_MS });
  return status;
}
