import { availableParallelism, homedir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { invalid } from '../contract/errors.ts';
import { parseDatabaseUrl } from './database.ts';
import type { OtlpSettings } from '../telemetry/tracing/tracing.ts';
import type { Environment } from './env.ts';
import { otlpInEnvironment } from './otlp.ts';
import { type ExposureFlags, type ExposureSection, resolveExposure, type ServerExposure } from './exposure.ts';
import { connectionsMax } from './open-files.ts';
import type { SocketLimits } from '../http/listener.ts';

/** Flags of `modelyard up`. */
export interface Flags extends ExposureFlags {
  readonly home?: string;
  readonly port?: string;
  /** `all`: everything; `gateway`: calls alone, beside a server that leads. */
  readonly role?: string;
  /** A gateway's own. */
  readonly name?: string;
}

/** @throws Fault for anything else, and for a gateway without a name */
export function parseRole({ role = 'all', name }: Flags): { readonly role: 'all' } | { readonly role: 'gateway'; readonly name: string } {
  if (role === 'all' && name === undefined) return { role };
  if (role === 'all') throw invalid('--name is the name of a gateway; it needs --role gateway.', '--name');
  if (role !== 'gateway') throw invalid(`"${role}" is no role: all (everything) or gateway (calls alone).`, '--role');
  if (name === undefined) throw invalid('A gateway needs a name of its own, the same at each start: --name.', '--name');
  return { role, name };
}

/** All that can be set, resolved and checked. Limits have names here and nowhere else. */
export interface Config {
  readonly home: string;
  /** A PostgreSQL database in the place of the home's own file. */
  readonly databaseUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly exposure: ServerExposure;
  readonly logLevel: string;
  readonly bodyBytesMax: number;
  /** Calls that may wait per deployment. */
  readonly queueMax: number;
  readonly usageLogSync: 'group' | 'before-answer';
  /** CPU threads of an engine: all cores but one, which is the gateway's. */
  readonly threadsDefault: number;
  /** CPU threads of this machine. */
  readonly threads: number;
  /** Memory for all engines together. */
  readonly engineMemoryBytes: number;
  /** Stays reachable but unready for this long before it stops, so that load balancers look away first. */
  readonly drainDelayMs: number;
  /** Answers under way have this long. */
  readonly drainMs: number;
  /** A leader that has not been heard of for so long is replaced. */
  readonly leaderTtlMs: number;
  /** Calls of free plans go on, uncounted, while their quota can't be asked for. */
  readonly freeWhenUnavailable: boolean;
  /** The Open Inference Protocol is to be taken for that of NVIDIA's server. */
  readonly asTriton: boolean;
  /** Where traces of calls go; undefined: none are made. */
  readonly otlp: OtlpSettings | undefined;
  /** A paid call waits so long for its credit when what is leased is used up. */
  readonly leaseWaitMs: number;
  /** A gateway takes no calls by routes and keys that nobody has confirmed for longer. */
  readonly feedsAgeMsMax: number;
  readonly sockets: SocketLimits;
}

const PORT_DEFAULT = 8420;
const BODY_BYTES_MAX = 10 * 1_048_576;
const QUEUE_MAX = 256;
const DRAIN_MS = 30_000;
const LEADER_TTL_MS = 15_000;
const LEASE_WAIT_MS = 250;
const FEEDS_AGE_MS_MAX = 24 * 3_600_000;
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 300_000;
const STALL_MS = 60_000;

/** Of the memory that this process may use, by its cgroup or the machine's, engines get this share; the rest is the gateway's, the system's and the page cache's. */
const ENGINE_MEMORY_SHARE = 0.75;

function freeForEngines(): number {
  const limit = process.constrainedMemory();
  return Math.floor((limit > 0 && limit < totalmem() ? limit : totalmem()) * ENGINE_MEMORY_SHARE);
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

/** @throws Fault for anything but a size such as 800M or 1.5GiB */
function parseBytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmg]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (BYTE_UNITS[unit.toLowerCase()] ?? Number.NaN));
  if (!(bytes > 0)) throw invalid(`MODELYARD_MEMORY_LIMIT is "${text}"; it must be a size such as 800M or 1.5GiB.`, 'MODELYARD_MEMORY_LIMIT');
  return bytes;
}

/** Where the home is: by flag, by environment, or in the user's own folder. */
export function homeOf({ home }: Pick<Flags, 'home'>, environment: Environment): string {
  return resolve(home ?? environment.home ?? join(homedir(), '.modelyard'));
}

/** A flag goes before the environment, and both before the operator's file. @throws Fault that names what is not accepted */
export function loadConfig(flags: Flags, environment: Environment, section: ExposureSection = {}): Config {
  return {
    home: homeOf(flags, environment),
    databaseUrl: environment.databaseUrl ? parseDatabaseUrl(environment.databaseUrl, 'DATABASE_URL') : undefined,
    ...resolveExposure(flags, section),
    port: parsePort(flags.port ?? environment.port ?? section.port?.toString()),
    logLevel: environment.logLevel ?? 'info',
    bodyBytesMax: BODY_BYTES_MAX,
    queueMax: QUEUE_MAX,
    usageLogSync: 'group',
    threadsDefault: Math.max(1, availableParallelism() - 1),
    threads: availableParallelism(),
    engineMemoryBytes: environment.memoryLimit === undefined ? freeForEngines() : parseBytes(environment.memoryLimit),
    drainDelayMs: parseSeconds(environment.drainDelay) * 1000,
    drainMs: DRAIN_MS,
    leaderTtlMs: LEADER_TTL_MS,
    freeWhenUnavailable: false,
    asTriton: false,
    otlp: otlpInEnvironment(environment.all),
    leaseWaitMs: LEASE_WAIT_MS,
    feedsAgeMsMax: FEEDS_AGE_MS_MAX,
    sockets: { connectionsMax: connectionsMax(), headersTimeoutMs: HEADERS_TIMEOUT_MS, requestTimeoutMs: REQUEST_TIMEOUT_MS, stallMs: STALL_MS },
  };
}

function parseSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(seconds)) throw invalid(`"${text}" is not a number of seconds.`, 'MODELYARD_DRAIN_DELAY');
  return seconds;
}

function parsePort(text: string | undefined): number {
  if (text === undefined || text === '') return PORT_DEFAULT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw invalid(`"${text}" is not a port: a number from 1 to 65535 (0 takes any free one).`, '--port');
  return port;
}
