import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { type Address, parseAddress, reachOf } from './address.ts';
import { type AllowList, opensAddress, opensHost } from './allow.ts';
import { dial } from './dial.ts';
import { type Exchange, exchange, type OutgoingAnswer } from './exchange.ts';
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

export interface EgressOptions {
  readonly clock: Clock;
  readonly allow: AllowList;
  /** Every address of a name; asked once a request. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Sends to exactly these addresses. Tests count. */
  readonly exchange?: Exchange;
}

/** The only way out for HTTP that is not an engine's: every destination is checked, and the address that was checked is the one connected to. */
export class Egress {
  readonly #options: EgressOptions;
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #exchange: Exchange;

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? systemResolve;
    this.#exchange = options.exchange ?? exchange;
  }

  /** Whether a request may go there now: what `send` would refuse is refused. Sends nothing but a question for the name. @throws Fault */
  async check(url: string, madeBy: MadeBy): Promise<void> {
    await this.#within(TIMEOUT_MS_DEFAULT, undefined, () => this.#addresses(parseTarget(url), madeBy));
  }

  /** A connection to a destination that is accepted, for who speaks over it himself: to exactly an address that was checked, TLS by the URL's own name. @throws Fault as `send` does */
  connect(url: string, madeBy: MadeBy): Promise<Socket> {
    const target = parseTarget(url);
    return this.#within(TIMEOUT_MS_DEFAULT, undefined, async (signal) => {
      const addresses = await this.#addresses(target, madeBy);
      signal.throwIfAborted();
      try {
        return await dial(target, addresses, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw new Fault('unavailable', 'egress_failed', `No connection to ${target.host}: ${wordsOf(error)}.`, { cause: error });
      }
    });
  }

  /** @throws Fault `egress_refused` (invalid_argument) for a destination that is not accepted, `egress_failed` (unavailable) or `egress_timeout` (deadline_exceeded) */
  send(request: OutgoingRequest): Promise<OutgoingAnswer> {
    return this.#within(request.timeoutMs ?? TIMEOUT_MS_DEFAULT, request.signal, (signal) => this.#follow(request, signal));
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

  async #once(target: Target, request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
    const addresses = await this.#addresses(target, request.madeBy);
    signal.throwIfAborted();
    const { method, headers = {}, body, answerBytesMax = ANSWER_BYTES_DEFAULT } = request;
    try {
      return await this.#exchange({ url: target.url, addresses, method, headers, ...(body !== undefined && { body }), answerBytesMax, signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Fault('unavailable', 'egress_failed', `No answer came from ${target.host}: ${wordsOf(error)}.`, { cause: error });
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
    const all = address ? [address] : await this.#lookup(host);
    for (const one of all) {
      const reach = reachOf(one);
      if (reach === 'never') throw notPublic();
      if (isOpened || (madeBy === 'operator' && opensAddress(allow, one))) continue;
      if (reach !== 'public') throw notPublic(madeBy);
      if (!isHttps) throw refused('it is not https');
    }
    return all;
  }

  async #lookup(host: string): Promise<readonly Address[]> {
    const texts = await this.#resolve(host).catch(() => []);
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

/** What went wrong, without what only we should know. */
function wordsOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'the connection failed';
}
