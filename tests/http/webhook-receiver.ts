import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came to a receiver. */
export interface Posted {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  /** `host:port`, as egress.allow writes it. */
  readonly address: string;
  readonly posted: Posted[];
  /** Statuses of the next answers; 204 when there are none left. */
  readonly statuses: number[];
}

/** A receiver of webhooks on loopback. */
export async function webhookReceiver(): Promise<WebhookReceiver> {
  const posted: Posted[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${address}/hook`,
    address,
    posted,
    statuses,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
