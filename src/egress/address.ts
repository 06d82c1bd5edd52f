import { type Address, isIn, type Network, parseNetwork } from '../base/ip.ts';

/**
 * What kind of destination an address is. `public`: anybody may be sent there. `closed`: private, loopback or shared; only the operator's allow-list
 * opens it. `never`: link-local, metadata services, and what is no single machine's address.
 */
export type Reach = 'public' | 'closed' | 'never';

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
