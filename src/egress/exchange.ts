import type { LookupFunction } from 'node:net';
import { buildConnector, Client } from 'undici';
import { VERSION } from '../contract/version.ts';
import type { Address } from '../base/ip.ts';

/** One request to addresses that were checked. */
export interface PinnedRequest {
  readonly url: URL;
  readonly addresses: readonly Address[];
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly answerBytesMax: number;
  /** Certificates to trust, PEM; Node's own unless told otherwise. */
  readonly ca?: readonly string[];
  readonly signal: AbortSignal;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** The body was longer than was read. */
  readonly truncated: boolean;
}

/** An answer whose body is still to come; whoever has it closes it. */
export interface OpenedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

export type Exchange = (request: PinnedRequest) => Promise<OutgoingAnswer>;
export type Opening = (request: Omit<PinnedRequest, 'answerBytesMax'>) => Promise<OpenedAnswer>;

/** Sends it over a connection of its own. Host header and TLS name are the URL's; the name is never asked about again. */
export const opening: Opening = async ({ url, addresses, method, headers, body, ca, signal }) => {
  const connect = buildConnector({ lookup: pinned(addresses), allowH2: false, timeout: 0, ...(ca && { ca: [...ca] }) });
  const client = new Client(url.origin, { connect, headersTimeout: 0, bodyTimeout: 0 });
  // Not awaited: what is left of an answer that is too long is not waited for.
  const close = () => void client.destroy().catch(() => undefined);
  try {
    const answer = await client.request({
      path: url.pathname + url.search,
      method,
      headers: { 'user-agent': `modelyard/${VERSION}`, ...headers },
      ...(body !== undefined && { body }),
      signal,
    });
    // A body that is cut while nobody reads it must not end the process; who reads it is told.
    answer.body.on('error', () => undefined);
    return { status: answer.statusCode, headers: answer.headers, body: answer.body, close };
  } catch (error) {
    close();
    throw error;
  }
};

/** Sends it, and reads the answer up to its bound. */
export const exchange: Exchange = async ({ answerBytesMax, ...request }) => {
  const { status, headers, body, close } = await opening(request);
  try {
    return { status, headers, ...(await read(body, answerBytesMax)) };
  } finally {
    close();
  }
};

/** Who is connected to, and who may vouch for him. */
export interface Destination {
  readonly addresses: readonly Address[];
  readonly ca?: readonly string[];
}

/** Answers every question for a name with the addresses that were checked. */
export function pinned(addresses: readonly Address[]): LookupFunction {
  const all = addresses.map(({ family, value }) => ({ family, address: family === 4 ? v4Text(value) : v6Text(value) }));
  return (_host, { all: wantsAll }, callback) => {
    const [first] = all;
    if (!first) callback(new Error('no address'), '', 0);
    else if (wantsAll) callback(null, all);
    else callback(null, first.address, first.family);
  };
}

function v4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
}

function v6Text(value: bigint): string {
  return [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16)).join(':');
}

async function read(body: AsyncIterable<Buffer>, bytesMax: number): Promise<Pick<OutgoingAnswer, 'body' | 'truncated'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    if (bytes + chunk.length > bytesMax) {
      chunks.push(chunk.subarray(0, bytesMax - bytes));
      return { body: Buffer.concat(chunks), truncated: true };
    }
    chunks.push(chunk);
    bytes += chunk.length;
  }
  return { body: Buffer.concat(chunks), truncated: false };
}
