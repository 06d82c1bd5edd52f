import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Static, Type } from 'typebox';
import { type Network, parseAddress, parseNetwork } from '../base/ip.ts';
import { invalid } from '../contract/errors.ts';
import type { ExposureSettings } from '../http/exposure.ts';
import type { CertificateFiles } from './certificate.ts';

const closed = { additionalProperties: false } as const;
const URLS_MAX = 64;
const PROXIES_MAX = 64;

/** `exposure:` of the operator's file. `publicUrls`: what clients call this server by; `trustedProxies`: whose X-Forwarded headers are believed; `tls`: files in PEM; `host`, `port`: where to listen. */
export const ExposureSection = Type.Object(
  {
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    publicUrls: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: URLS_MAX })),
    trustedProxies: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: PROXIES_MAX })),
    tls: Type.Optional(Type.Object({ certificate: Type.String({ minLength: 1, maxLength: 4096 }), key: Type.String({ minLength: 1, maxLength: 4096 }) }, closed)),
  },
  closed,
);
export type ExposureSection = Static<typeof ExposureSection>;

/** What of it may come as a flag. A key or a certificate never does. */
export interface ExposureFlags {
  readonly host?: string;
  /** Host names, beside loopback, that clients call this server by. */
  readonly publicHost?: readonly string[];
  readonly trustedProxy?: readonly string[];
  readonly insecureHttp?: boolean;
}

/** How this server is reached: all of it checked. */
export interface ServerExposure extends ExposureSettings {
  readonly tls: CertificateFiles | undefined;
  /** What clients call it by, if that was said: the first of the public URLs. */
  readonly publicUrl: string | undefined;
}

const HOST_DEFAULT = '127.0.0.1';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);

/** @throws Fault for a host beyond loopback without TLS, a trusted proxy or `--insecure-http`, and for what is no URL, name or network */
export function resolveExposure(flags: ExposureFlags, section: ExposureSection = {}): { readonly host: string; readonly exposure: ServerExposure } {
  const host = flags.host ?? section.host ?? HOST_DEFAULT;
  const urls = (section.publicUrls ?? []).map(publicUrl);
  const proxies = [...(section.trustedProxies ?? []), ...(flags.trustedProxy ?? [])].map(network);
  const isLocal = LOOPBACK.has(host);
  if (!isLocal && !section.tls && proxies.length === 0 && flags.insecureHttp !== true) throw inTheClear(host);
  const names = [...urls.map(({ hostname }) => hostname), ...(flags.publicHost ?? []).map(hostName), ...(isLocal ? [] : ownAddresses())];
  const plain = new Set(urls.filter(({ protocol }) => protocol === 'http:').map(({ hostname }) => hostname));
  return {
    host,
    exposure: {
      publicHosts: [...new Set(names)],
      httpsHosts: urls.map(({ hostname }) => hostname).filter((name) => !plain.has(name)),
      trustedProxies: proxies,
      proxiesOnly: !isLocal && !section.tls && flags.insecureHttp !== true,
      tls: section.tls,
      publicUrl: urls[0]?.origin,
    },
  };
}

function inTheClear(host: string) {
  return invalid(
    `Listening on ${host} would send keys in the clear to whoever listens. Give it a certificate (exposure.tls) or a proxy that has one (exposure.trustedProxies) in modelyard.yaml, or add --insecure-http if that network is yours alone.`,
    '--host',
  );
}

function publicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || `${url.origin}/` !== url.href || !/^https?:\/\/[^/]+\/?$/i.test(text))
    throw invalid(`"${text}" in exposure.publicUrls is not accepted; write https://NAME or https://NAME:PORT, without a path.`, 'exposure.publicUrls');
  return url;
}

function hostName(text: string): string {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(text)) return text.toLowerCase();
  throw invalid(`"${text}" is no host name; write it as in models.example.org, without scheme, port or path.`, '--public-host');
}

/** A network, or one address. */
function network(text: string): Network {
  const address = parseAddress(text);
  const found = address ? { base: address, prefix: address.family === 4 ? 32 : 128 } : parseNetwork(text);
  if (found && found.prefix > 0) return found;
  throw invalid(
    `"${text}" is no network of proxies; write an address or a network such as 10.0.0.0/8. All addresses (/0) are not accepted: anybody could then claim any address.`,
    'exposure.trustedProxies',
  );
}

/** What programs on this machine call the server by; with a certificate, by a name that is in it. */
export function urlOf({ address, family, port }: AddressInfo, { tls, publicUrl: url }: ServerExposure): string {
  if (tls && url !== undefined) return url;
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address] ?? (family === 'IPv6' ? `[${address}]` : address);
  return `${tls ? 'https' : 'http'}://${host}:${port}`;
}

/** This machine's own addresses, as a Host header writes them: reachable once the server listens beyond loopback. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
}
