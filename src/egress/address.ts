import { isIP } from 'node:net';

/** An IP address as a number. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/**
 * What kind of destination an address is. `public`: anybody may be sent there. `closed`: private, loopback or shared; only the operator's allow-list
 * opens it. `never`: link-local, metadata services, and what is no single machine's address.
 */
export type Reach = 'public' | 'closed' | 'never';

const BITS = { 4: 32, 6: 128 } as const;

/** @returns undefined for anything but an IP address; one with a zone (`fe80::1%eth0`) is none. IPv4 inside IPv6 (`::ffff:1.2.3.4`) is read as IPv4. */
export function parseAddress(text: string): Address | undefined {
  const family = text.includes('%') ? 0 : isIP(text);
  if (family === 4) return { family: 4, value: v4(text) };
  if (family !== 6) return undefined;
  const value = v6(text);
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

function v4(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(Number(part)), 0n);
}

function v6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const whole = dotted ? `${dotted[1]}${hextets(v4(dotted[2] ?? ''))}` : text;
  const [left = '', right] = whole.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce((sum, part) => (sum << 16n) | BigInt(Number.parseInt(part, 16)), 0n);
}

function hextets(value: bigint): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** A network: all addresses that begin with the same bits. */
export interface Network {
  readonly base: Address;
  readonly prefix: number;
}

/** @returns undefined for anything but `ADDRESS/BITS` */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const base = parseAddress(match?.[1] ?? '');
  const prefix = Number(match?.[2]);
  return base && prefix <= BITS[base.family] ? { base, prefix } : undefined;
}

export function isIn({ base, prefix }: Network, { family, value }: Address): boolean {
  const shift = BigInt(BITS[base.family] - prefix);
  return family === base.family && value >> shift === base.value >> shift;
}

const networks = (texts: readonly string[]): readonly Network[] => texts.map((text) => parseNetwork(text)).filter((network) => network !== undefined);

/** Link-local, metadata services outside of it (AWS, Alibaba, Oracle, Azure, Google), this host, multicast, reserved, broadcast. */
const NEVER = networks([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  'ff00::/8',
]);
/** Source: IANA's special-purpose address registries, what is not globally reachable. */
const CLOSED = networks([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);
/** Of IPv6 only this is handed out for the whole internet. */
const GLOBAL_V6 = networks(['2000::/3']);
/** Ways in which IPv6 carries an IPv4 address: where it is, in bits from the right. */
const CARRIES_V4 = [
  { network: networks(['64:ff9b::/96']), shift: 0n, isPublicIfInner: true },
  { network: networks(['::/96']), shift: 0n, isPublicIfInner: false },
  { network: networks(['2002::/16']), shift: 80n, isPublicIfInner: false },
] as const;

export function reachOf(address: Address): Reach {
  const within = (list: readonly Network[]) => list.some((network) => isIn(network, address));
  if (within(NEVER)) return 'never';
  for (const { network, shift, isPublicIfInner } of CARRIES_V4) {
    if (!within(network)) continue;
    // `::1` is in `::/96`: a loopback address, not one that carries 0.0.0.1.
    if (address.value === 1n) return 'closed';
    const inner = reachOf({ family: 4, value: (address.value >> shift) & 0xffff_ffffn });
    return inner === 'public' && !isPublicIfInner ? 'closed' : inner;
  }
  if (within(CLOSED)) return 'closed';
  return address.family === 4 || within(GLOBAL_V6) ? 'public' : 'closed';
}
