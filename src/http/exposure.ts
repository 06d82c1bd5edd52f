import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { isIn, type Network, parseAddress } from '../base/ip.ts';
import { Fault } from '../contract/errors.ts';
import { createHostGuard } from './host-guard.ts';

/** Who may come, and by which names and ways. */
export interface ExposureSettings {
  /** Host names beside loopback that this server answers to, lower case. */
  readonly publicHosts: readonly string[];
  /** Those of them that are for https only. */
  readonly httpsHosts: readonly string[];
  /** Who comes from there is a proxy of ours, and believed what it says of its client. */
  readonly trustedProxies: readonly Network[];
  /** Plain http beyond loopback is for these proxies alone. */
  readonly proxiesOnly: boolean;
}

export interface Exposure {
  /** Why a request is not looked at any further; undefined: it may come in. */
  refuse(request: IncomingMessage): Fault | undefined;
  /** The client's own address: behind proxies that are trusted, the last that is none of them. */
  addressOf(request: IncomingMessage): string;
}

/** More hops than these are not followed. */
const HOPS_MAX = 32;

/** Judges requests by where they come from and what they call this server, before anything else of them is read. */
export function createExposure({ publicHosts, httpsHosts, trustedProxies, proxiesOnly }: ExposureSettings): Exposure {
  const hostFault = createHostGuard(publicHosts);
  const httpsOnly = new Set(httpsHosts);
  const isTrusted = (address: string) => isWithin(trustedProxies, address);
  const isProxied = (request: IncomingMessage) => trustedProxies.length > 0 && isTrusted(peerOf(request));
  return {
    refuse(request) {
      if (trustedProxies.length === 0) return hostFault(request.headers.host);
      const peer = peerOf(request);
      if (!isTrusted(peer)) return proxiesOnly && !isWithin(LOOPBACK, peer) ? notThroughProxy() : hostFault(request.headers.host);
      const host = lastOf(request.headers['x-forwarded-host']) ?? request.headers.host;
      const fault = hostFault(host);
      if (fault) return fault;
      const scheme = lastOf(request.headers['x-forwarded-proto']) ?? (request.socket instanceof TLSSocket ? 'https' : undefined);
      return scheme === 'http' && httpsOnly.has(nameOf(host)) ? notEncrypted() : undefined;
    },
    addressOf: (request) => (isProxied(request) ? clientOf(request, isTrusted) : peerOf(request)),
  };
}

const LOOPBACK: readonly Network[] = [
  { base: { family: 4, value: 0x7f00_0000n }, prefix: 8 },
  { base: { family: 6, value: 1n }, prefix: 128 },
];

function isWithin(networks: readonly Network[], text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && networks.some((network) => isIn(network, address));
}

/** Who holds the other end of the connection; an IPv4 address is written as one on a socket for both families too. */
function peerOf({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** Each proxy adds at the right whom it was called by: the first from the right that is no proxy of ours is the client. What is left of it anybody can have written. */
function clientOf(request: IncomingMessage, isTrusted: (address: string) => boolean): string {
  const header = request.headers['x-forwarded-for'];
  const hops = (typeof header === 'string' ? header : '').split(',').slice(-HOPS_MAX).map(hopOf);
  let client = peerOf(request);
  for (const hop of hops.toReversed()) {
    if (hop === undefined) break;
    client = hop;
    if (!isTrusted(hop)) break;
  }
  return client;
}

/** An address as proxies write it: with or without a port. */
function hopOf(text: string): string | undefined {
  const [, inBrackets, withPort] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text.trim()) ?? [];
  const address = inBrackets ?? withPort ?? text.trim();
  return parseAddress(address) && address;
}

/** The nearest proxy's own word. */
function lastOf(header: string | string[] | undefined): string | undefined {
  const last = (typeof header === 'string' ? header : header?.at(-1))?.split(',').at(-1)?.trim();
  return last === '' ? undefined : last;
}

function nameOf(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '').toLowerCase();
}

function notThroughProxy(): Fault {
  return new Fault('permission_denied', 'not_through_proxy', 'This server is reached through its proxy only.');
}

function notEncrypted(): Fault {
  return new Fault('permission_denied', 'https_required', 'This name is served by https only; a key sent in the clear should be replaced.');
}
