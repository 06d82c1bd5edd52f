import type { LookupFunction } from 'node:net';
import { buildConnector, Client } from 'undici';
import { VERSION } from '../contract/version.ts';
import type { Address } from './address.ts';

/** One request to addresses that were checked. */
export interface PinnedRequest {
  readonly url: URL;
  readonly addresses: readonly Address[];
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly answerBytesMax: number;
  readonly signal: AbortSignal;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body was longer than was read. */
  readonly truncated: boolean;
}

export type Exchange = (request: PinnedRequest) => Promise<OutgoingAnswer>;

/** Sends it over a connection of its own. Host header and TLS name are the URL's; the name is never asked about again. */
export const exchange: Exchange = async ({ url, addresses, method, headers, body, answerBytesMax, signal }) => {
  const client = new Client(url.origin, { connect: buildConnector({ lookup: pinned(addresses), allowH2: false, timeout: 0 }), headersTimeout: 0, bodyTimeout: 0 });
  try {
    const answer = await client.request({
      path: url.pathname + url.search,
      method,
      headers: { 'user-agent': `modelyard/${VERSION}`, ...headers },
      ...(body !== undefined && { body }),
      signal,
    });
    return { status: answer.statusCode, headers: answer.headers, ...(await read(answer.body, answerBytesMax)) };
  } finally {
    // Not awaited: what is left of an answer that is too long is not waited for.
    client.destroy().catch(() => undefined);
  }
};

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
