import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { type Address, parseAddress } from '../base/ip.ts';
import { reachOf } from './address.ts';
import { type AllowList, opensAddress, opensHost } from './allow.ts';
import { dial } from './dial.ts';
import { authorities } from './authorities.ts';
import { type Destination, type Exchange, exchange, type Headers, type OpenedAnswer, type Opening, opening, type OutgoingAnswer } from './exchange.ts';
import { patiently, withoutSecrets } from './stream.ts';
import { parseTarget, refused, type Target } from './target.ts';

const TIMEOUT_MS_DEFAULT = 10_000;
const ANSWER_BYTES_DEFAULT = 65_536;
const ADDRESSES_MAX = 64;
const REDIRECT = new Set([301, 302, 303, 307, 308]);

/** Who made the URL: the operator's list opens destinations for operators only. */
export type MadeBy = 'operator' | 'tenant';

export interface OutgoingRequest {
  readonly url: string;
  readonly madeBy: MadeBy;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For all of it: name, connection, answer. */
  readonly timeoutMs?: number;
  /** The answer's body is read so far. */
  readonly answerBytesMax?: number;
  /** How many redirects a GET follows; none unless told otherwise, and only within the same https origin. */
  readonly redirectsMax?: number;
  readonly signal?: AbortSignal;
}

/** A GET whose answer may be long: it is read as it comes. */
export interface StreamRequest {
  readonly url: string;
  readonly madeBy: MadeBy;
  readonly headers?: Readonly<Record<string, string>>;
  /** Redirects are followed from https to https, to any origin that is accepted itself; what is secret goes to the first origin alone. */
  readonly redirectsMax: number;
  /** For the answer's head, and between two pieces of its body. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

export interface StreamedAnswer extends OpenedAnswer {
  /** The answers on the way here, redirects and this one. */
  readonly hops: readonly { readonly origin: string; readonly headers: Headers }[];
}

export interface EgressOptions {
  readonly clock: Clock;
  readonly allow: AllowList;
  /** Authorities to trust beside Node's own, PEM: of mirrors within a company. Read for each request. */
  readonly caFile?: string;
  /** Every address of a name; asked once a request. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Sends to exactly these addresses. Tests count. */
  readonly exchange?: Exchange;
  readonly opening?: Opening;
}

/** The only way out for HTTP that is not an engine's: every destination is checked, and the address that was checked is the one connected to. */
export class Egress {
  readonly #options: EgressOptions;
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #exchange: Exchange;
  readonly #opening: Opening;

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? systemResolve;
    this.#exchange = options.exchange ?? exchange;
    this.#opening = options.opening ?? opening;
  }

  /** Whether a request may go there now: what `send` would refuse is refused. Sends nothing but a question for the name. @throws Fault */
  async check(url: string, madeBy: MadeBy): Promise<void> {
    await this.#within(TIMEOUT_MS_DEFAULT, undefined, () => this.#addresses(parseTarget(url), madeBy));
  }

  /** A connection to a destination that is accepted, for who speaks over it himself: to exactly an address that was checked, TLS by the URL's own name. @throws Fault as `send` does */
  connect(url: string, madeBy: MadeBy): Promise<Socket> {
    const target = parseTarget(url);
    return this.#within(TIMEOUT_MS_DEFAULT, undefined, (signal) => this.#sent(target, madeBy, { signal, by: (to) => dial(target, to, signal) }));
  }

  /** @throws Fault `egress_refused` (invalid_argument) for a destination that is not accepted, `egress_failed` (unavailable) or `egress_timeout` (deadline_exceeded) */
  send(request: OutgoingRequest): Promise<OutgoingAnswer> {
    return this.#within(request.timeoutMs ?? TIMEOUT_MS_DEFAULT, request.signal, (signal) => this.#follow(request, signal));
  }

  /** As `send`, for an answer of any length; close it. Its body throws as `send` does when it breaks off or nothing comes for `idleMs`. */
  async stream(request: StreamRequest): Promise<StreamedAnswer> {
    const { clock } = this.#options;
    const { idleMs, signal: outer } = request;
    const stop = new AbortController();
    const signal = outer ? AbortSignal.any([stop.signal, outer]) : stop.signal;
    const answer = await this.#within(idleMs, signal, (within) => this.#followAnywhere(request, within));
    const host = new URL(answer.hops.at(-1)?.origin ?? request.url).host;
    const body = patiently(answer.body, { clock, idleMs, stop, signal, broken: (error) => failed(host, error) });
    return { ...answer, body };
  }

  async #followAnywhere(request: StreamRequest, signal: AbortSignal): Promise<StreamedAnswer> {
    let target = parseTarget(request.url);
    let headers = request.headers ?? {};
    let { madeBy } = request;
    const hops: { origin: string; headers: Headers }[] = [];
    for (let left = request.redirectsMax; ; left--) {
      const ask = { url: target.url, method: 'GET', headers, signal } as const;
      let reached: readonly Address[] = [];
      const by = (to: Destination) => {
        reached = to.addresses;
        return this.#opening({ ...ask, ...to });
      };
      const answer = await this.#sent(target, madeBy, { signal, by });
      const { location } = answer.headers;
      hops.push({ origin: target.url.origin, headers: answer.headers });
      if (left <= 0 || !REDIRECT.has(answer.status) || typeof location !== 'string') return { ...answer, hops };
      answer.close();
      const next = parseTarget(URL.parse(location, target.url.href)?.href ?? '');
      if (!next.isHttps) throw refused('it redirects to a URL that is not https');
      if (next.url.origin !== target.url.origin) {
        headers = withoutSecrets(headers);
        // What the operator has opened is for the operator's own URLs and for what those servers name, not for a stranger's.
        if (!this.#isOpened(target, reached)) madeBy = 'tenant';
      }
      target = next;
    }
  }

  /** Whether the operator's list names it, or the network where it is. */
  #isOpened({ host, port }: Target, addresses: readonly Address[]): boolean {
    const { allow } = this.#options;
    return opensHost(allow, host, port) || addresses.every((address) => opensAddress(allow, address));
  }

  async #follow(request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
    let target = parseTarget(request.url);
    for (let left = request.redirectsMax ?? 0; ; left--) {
      const answer = await this.#once(target, request, signal);
      const { location } = answer.headers;
      if (left <= 0 || request.method !== 'GET' || !REDIRECT.has(answer.status) || typeof location !== 'string') return answer;
      const next = parseTarget(URL.parse(location, target.url.href)?.href ?? '');
      if (!next.isHttps || next.url.origin !== target.url.origin) throw refused('it redirects to another origin');
      target = next;
    }
  }

  #once(target: Target, request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
    const { method, headers = {}, body, answerBytesMax = ANSWER_BYTES_DEFAULT } = request;
    const ask = { url: target.url, method, headers, ...(body !== undefined && { body }), answerBytesMax, signal };
    return this.#sent(target, request.madeBy, { signal, by: (to) => this.#exchange({ ...ask, ...to }) });
  }

  /** Sends to the target's addresses, once they are checked. */
  async #sent<T>(target: Target, madeBy: MadeBy, { signal, by }: { readonly signal: AbortSignal; by(to: Destination): Promise<T> }): Promise<T> {
    const addresses = await this.#addresses(target, madeBy);
    const { caFile } = this.#options;
    const to: Destination = { addresses, ...(caFile !== undefined && { ca: await authorities(caFile) }) };
    signal.throwIfAborted();
    try {
      return await by(to);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw failed(target.host, error);
    }
  }

  /** The addresses that a request may be sent to: all that the name has, and none if one of them is not accepted. */
  async #addresses(target: Target, madeBy: MadeBy): Promise<readonly Address[]> {
    const { allow } = this.#options;
    const { host, port, isHttps, address } = target;
    const isOpened = madeBy === 'operator' && opensHost(allow, host, port);
    const mayOpen = isOpened || (madeBy === 'operator' && allow.networks.length > 0);
    if (!isHttps && !mayOpen) throw refused(madeBy === 'operator' ? `it is not https, and ${HINT}` : 'it is not https');
    if (!mayOpen && isLocalName(host)) throw notPublic(madeBy);
    const all = address ? [address] : await this.#lookup(host, madeBy);
    for (const one of all) {
      const reach = reachOf(one);
      if (reach === 'never') throw notPublic();
      if (isOpened || (madeBy === 'operator' && opensAddress(allow, one))) continue;
      if (reach !== 'public') throw notPublic(madeBy);
      if (!isHttps) throw refused('it is not https');
    }
    return all;
  }

  async #lookup(host: string, madeBy: MadeBy): Promise<readonly Address[]> {
    const texts = await this.#resolve(host).catch((error: unknown): string[] => {
      // An operator may know that nobody could be asked, and may try again.
      if (madeBy === 'operator' && !isUnknown(error)) throw failed(host, error);
      return [];
    });
    const addresses = texts.slice(0, ADDRESSES_MAX).map((text) => parseAddress(text));
    const known = addresses.filter((address) => address !== undefined);
    // The same words as for a private address: whether an inner name exists is nobody's business.
    if (known.length === 0 || known.length < texts.length) throw notPublic();
    return known;
  }

  async #within<T>(timeoutMs: number, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = new AbortController();
    const cancel = this.#options.clock.timer(timeoutMs, () => timeout.abort(new Fault('deadline_exceeded', 'egress_timeout', `No answer came within ${timeoutMs / 1_000} s.`)));
    const signal = outer ? AbortSignal.any([timeout.signal, outer]) : timeout.signal;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([work(signal), aborted.promise]);
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }
}

function failed(host: string, error: unknown): Fault {
  return new Fault('unavailable', 'egress_failed', `No answer came from ${host}: ${wordsOf(error)}.`, { cause: error });
}

/** An operator is told how to open what is his own. */
const HINT = 'egress.allow in modelyard.yaml does not open it';

function notPublic(madeBy?: MadeBy): Fault {
  return refused(`it does not lead to public addresses only${madeBy === 'operator' ? `, and ${HINT}` : ''}`);
}

/** Names that mean this machine or its network by definition (RFC 6761, RFC 6762, ICANN's `.internal`): nobody is asked about them. */
function isLocalName(host: string): boolean {
  return /(^|\.)(localhost|local|internal|home\.arpa)$/.test(host) || !(host.includes('.') || host.includes(':'));
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}

/** Nobody has such a name: asking again changes nothing. */
function isUnknown(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOTFOUND';
}

/** What went wrong, without what only we should know. */
function wordsOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'the connection failed';
}
