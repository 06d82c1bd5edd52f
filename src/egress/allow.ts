import { invalid } from '../contract/errors.ts';
import { type Address, isIn, type Network, parseAddress, parseNetwork } from '../base/ip.ts';

/** The operator's list of what is opened beyond the public internet: hosts with their ports, and networks. */
export interface AllowList {
  readonly hosts: ReadonlySet<string>;
  readonly networks: readonly Network[];
}

export const ALLOW_ENTRIES_MAX = 256;

/** Reads `host:port` (a name, an IPv4 address or `[IPv6]`) and CIDR entries. @throws Fault that names the entry and what is accepted */
export function parseAllow(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const networks: Network[] = [];
  for (const entry of entries) {
    const network = parseNetwork(entry);
    const key = network ? undefined : hostKey(entry);
    if (network) networks.push(network);
    else if (key !== undefined) hosts.add(key);
    else throw invalid(`"${entry}" in egress.allow is not accepted; write host:port, [IPv6]:port, or a network such as 10.0.0.0/8.`, 'egress.allow');
  }
  return { hosts, networks };
}

function hostKey(entry: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(entry);
  const host = match?.[1]?.toLowerCase().replace(/^\[|\]$/g, '');
  const port = Number(match?.[2]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : keyOf(host, port);
}

/** One spelling an address. */
function keyOf(host: string, port: number): string {
  const address = parseAddress(host);
  return `${address ? `${address.family}/${address.value}` : host}:${port}`;
}

export function opensHost({ hosts }: AllowList, host: string, port: number): boolean {
  return hosts.has(keyOf(host, port));
}

export function opensAddress({ networks }: AllowList, address: Address): boolean {
  return networks.some((network) => isIn(network, address));
}
