import { type Fault, invalid } from '../contract/errors.ts';
import { type Address, parseAddress } from '../base/ip.ts';

const URL_CHARS_MAX = 2_048;
/** Ports of services that would take our bytes for commands: those that browsers refuse (Fetch standard, "bad port"), and databases, caches and agents. */
const PORTS_REFUSED = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179,
  389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306,
  3389, 3659, 4045, 4190, 5060, 5061, 5432, 5984, 6000, 6379, 6380, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 10080, 10250, 11211, 27017,
]);
/** Names of metadata services; no list opens them. */
const METADATA_NAMES = /^(metadata|instance-data)(\..*)?$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NAME_CHARS_MAX = 253;

/** Where a URL leads, before anything was asked of anybody. */
export interface Target {
  readonly url: URL;
  /** Lower case, without a final dot or brackets. */
  readonly host: string;
  readonly port: number;
  readonly isHttps: boolean;
  /** When the host is an address itself, however it was written. */
  readonly address: Address | undefined;
}

/**
 * Reads a URL strictly. Decimal, octal, hexadecimal, full-width and shortened hosts end in the IP address that they mean (WHATWG URL).
 * @throws Fault `egress_refused` that says what is not accepted
 */
export function parseTarget(text: string): Target {
  const url = parse(text);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const isHttps = url.protocol === 'https:';
  const port = url.port === '' ? (isHttps ? 443 : 80) : Number(url.port);
  if (port === 0 || PORTS_REFUSED.has(port)) throw refused(`its port ${port} is one that no request goes to`);
  const address = parseAddress(host);
  if (!address && !isHostName(host)) throw refused('its host is neither a name nor an IP address');
  if (METADATA_NAMES.test(host)) throw refused('its host is a metadata service');
  return { url, host, port, isHttps, address };
}

function parse(text: string): URL {
  if (text.length > URL_CHARS_MAX) throw refused(`it has more than ${URL_CHARS_MAX} characters`);
  // The parser would drop tabs and line ends, and read a backslash as a slash.
  if (Array.from(text).some((character) => character <= ' ' || character === '\u007F' || character === '\\')) throw refused('it has a space, a control character or a backslash');
  const url = URL.parse(text);
  if (!url) throw refused('it can not be read as a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(`its scheme is "${url.protocol}"; only https is accepted, and http where egress.allow names the host`);
  if (url.username !== '' || url.password !== '') throw refused('it has a user name or password');
  url.hash = '';
  return url;
}

function isHostName(host: string): boolean {
  return host.length <= NAME_CHARS_MAX && host.split('.').every((label) => LABEL.test(label));
}

/** What egress refuses, as the caller's mistake. */
export function refused(why: string): Fault {
  return invalid(`The URL is refused: ${why}.`, 'url', 'egress_refused');
}
