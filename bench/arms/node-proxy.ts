import { Agent, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { orderOf, serveOrders } from '../lib/process.ts';

/** A bare reverse proxy as anybody would write it on `node:http`: a keep-alive agent and two pipes. */
const { upstreamPort } = orderOf<{ upstreamPort: number }>();
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

const server = createServer({ keepAliveTimeout: 600_000, noDelay: true }, (request, response) => {
  const { host: _host, ...headers } = request.headers;
  const onward = send({ host: '127.0.0.1', port: upstreamPort, path: request.url, method: request.method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  void serveOrders({ port }, () => Promise.resolve({})).then(() => process.exit(0));
});
