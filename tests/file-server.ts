import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';

/** What the client has received but not read is lost to it when the connection breaks: most often this is enough for it to read. */
const CUT_AFTER_MS = 50;

export interface SeenRequest {
  /** Without the port. */
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server of ours on loopback, over TLS, that stands in for those of the world outside: it is called by any of its names. */
export interface FileServer extends AsyncDisposable {
  readonly port: number;
  /** The authority that vouches for it, PEM. */
  readonly caFile: string;
  readonly requests: SeenRequest[];
  /** By `host/path`. */
  readonly answers: Map<string, Answer>;
  url(host: string, path: string): string;
}

export async function startFileServer(names: readonly string[] = ['localhost']): Promise<FileServer> {
  const folder = mkdtempSync(join(tmpdir(), 'my-https-'));
  const { key, cert } = makeCertificate(names);
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, cert);
  const requests: SeenRequest[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer({ key, cert }, (request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const path = request.url ?? '';
    requests.push({ host, path, headers: request.headers });
    const answer = answers.get(host + path);
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    caFile,
    requests,
    answers,
    url: (host, path) => `https://${host}:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface FileOptions {
  /** Strong, unless it begins with W/; none: the server has no tags. */
  readonly etag?: string;
  /** The server knows no ranges. */
  readonly whole?: boolean;
  /** Of the answers one after the other: the connection breaks after so many bytes of the body. */
  readonly cuts?: number[];
  /** As cuts, but nothing more comes. */
  readonly stalls?: number[];
  readonly headers?: OutgoingHttpHeaders;
}

/** Serves bytes as web servers do: with Range and If-Range (RFC 9110, section 14). */
export function file(bytes: Buffer, { etag, whole = false, cuts = [], stalls = [], headers }: FileOptions = {}): Answer {
  return (request, response) => {
    const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? -1);
    const ifRange = request.headers['if-range'];
    const isPart = !whole && first >= 0 && (ifRange === undefined || ifRange === etag);
    if (isPart && first >= bytes.length) return response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    const body = isPart ? bytes.subarray(first) : bytes;
    response.writeHead(isPart ? 206 : 200, {
      'content-length': body.length,
      ...(etag !== undefined && { etag }),
      ...(isPart && { 'content-range': `bytes ${first}-${bytes.length - 1}/${bytes.length}` }),
      ...headers,
    });
    const stall = stalls.shift();
    const cut = cuts.shift();
    if (stall !== undefined) response.write(body.subarray(0, stall));
    else if (cut !== undefined) response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), CUT_AFTER_MS));
    else response.end(body);
  };
}

/** A request for the rest of a file, from some byte of what had been sent. */
export function isRest(range: string | undefined, sent: number): boolean {
  const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  return first > 0 && first <= sent;
}

export function redirect(location: string, headers: OutgoingHttpHeaders = {}): Answer {
  return (_request, response) => {
    response.writeHead(302, { location, ...headers }).end();
  };
}
