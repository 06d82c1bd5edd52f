import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { orderOf, serveOrders } from '../lib/process.ts';

/** The least that a gateway of our make can do: node:http in, undici's dispatch out, bytes passed through, no feature at all. */
const { upstreamPort } = orderOf<{ upstreamPort: number }>();
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 512, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

function handle(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => forward(request.url ?? '/', chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), response));
}

function forward(path: string, body: Buffer, response: ServerResponse): void {
  pool.dispatch(
    { path, method: 'POST', headers: { 'content-type': 'application/json' }, body },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, status, headers) => {
        response.writeHead(status, headers as Record<string, string>);
      },
      onResponseData: (controller, chunk) => {
        if (response.write(chunk)) return;
        controller.pause();
        response.once('drain', () => controller.resume());
      },
      onResponseEnd: () => {
        response.end();
      },
      onResponseError: () => response.destroy(),
    },
  );
}

const server = createServer({ keepAliveTimeout: 600_000, noDelay: true }, handle);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  void serveOrders({ port }, () => Promise.resolve({})).then(() => process.exit(0));
});
