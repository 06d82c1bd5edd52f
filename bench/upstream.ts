import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ENGINE_HEADER, USAGE_COMMENT } from '../src/contract/engine-wire.ts';
import { COMMENTED_USAGE, CONTENT_EVENT, LAST_EVENT, MOCK_ANSWER, MOCK_USAGE } from './lib/mock-answers.ts';
import { orderOf, serveOrders } from './lib/process.ts';

/** A MOCK of an engine: always the same OpenAI chat answer, whole at once (or after `holdMs`), or as a stream of `max_tokens` frames 20 ms apart. */
const { holdMs = 0 } = orderOf<UpstreamOrder>();
export interface UpstreamOrder {
  /** A whole answer takes so long, as an engine's that computes it. */
  readonly holdMs?: number;
}

const FRAME_MS = 20;
const ANSWER = Buffer.from(MOCK_ANSWER);
const CONTENT = Buffer.from(CONTENT_EVENT);
const END = Buffer.from(`${LAST_EVENT}${USAGE_COMMENT}${COMMENTED_USAGE}\n\ndata: [DONE]\n\n`);
const HEADERS = { 'content-type': 'application/json', 'content-length': String(ANSWER.length), [ENGINE_HEADER.usage]: JSON.stringify(MOCK_USAGE) };

function handle(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (body.includes('"stream":true')) stream(response, Number(/"max_tokens":(\d+)/.exec(body.toString())?.[1] ?? 1));
    else if (holdMs > 0) setTimeout(() => response.writeHead(200, HEADERS).end(ANSWER), holdMs);
    else response.writeHead(200, HEADERS).end(ANSWER);
  });
}

function stream(response: ServerResponse, frames: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  let left = frames;
  const timer = setInterval(() => {
    if (left-- > 0) {
      response.write(CONTENT);
      return;
    }
    clearInterval(timer);
    response.end(END);
  }, FRAME_MS);
  response.on('close', () => clearInterval(timer));
}

const server = createServer({ keepAliveTimeout: 600_000, noDelay: true }, handle);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  void serveOrders({ port }, () => Promise.resolve({})).then(() => process.exit(0));
});
