import { isIP } from 'node:net';

/** An IP address as a number. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

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

/** Whoever has an IPv6 address has at least its /64: what is counted by address is counted by this, in a form that has one spelling. What is no address is itself. */
export function countedAs(text: string): string {
  const address = parseAddress(text);
  if (!address) return text;
  return address.family === 4 ? `v4/${address.value}` : `v6/${address.value >> 64n}`;
}
