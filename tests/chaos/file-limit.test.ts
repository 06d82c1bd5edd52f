import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectionsMax } from '../../src/app/open-files.ts';
import { chatBody } from '../harness.ts';
import { startLimited } from './limited-server.ts';
import { makeHome } from './made-home.ts';

const FILES = 256;
const CLIENTS = 400;

/** What became of a connection that asks for something. */
interface Outcome {
  readonly socket: Socket;
  status: number | 'closed' | undefined;
}

function ask(port: number, path: string): Outcome {
  const outcome: Outcome = { socket: connect(port, '127.0.0.1'), status: undefined };
  outcome.socket.on('error', () => undefined);
  outcome.socket.once('close', () => (outcome.status ??= 'closed'));
  outcome.socket.once('data', (chunk: Buffer) => (outcome.status = Number(chunk.toString().split(' ')[1])));
  outcome.socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return outcome;
}

test(
  `S29: with ${FILES} files ${CLIENTS} connections are served, told 503 or closed; probes are answered, calls of who is connected go on, and the server recovers`,
  { timeout: 120_000 },
  async () => {
    using made = await makeHome((modelyard) => modelyard.deployEcho('echo', { slots: 8 }));
    const { home, key, port } = made;
    await using server = await startLimited(['prlimit', `--nofile=${FILES}:${FILES}`], home, port);
    const { pid } = server.child;
    const chat = async () => {
      const response = await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify(chatBody('echo', 'one two')),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      });
      await response.arrayBuffer();
      return response.status;
    };
    await expect.poll(chat, { timeout: 20_000 }).toBe(200);

    const most = connectionsMax(FILES);
    expect(most).toBe(80);
    const clients: Outcome[] = [];
    for (let n = 0; n < CLIENTS; n++) {
      clients.push(ask(port, '/v1/models'));
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await expect.poll(() => clients.filter(({ status }) => status === undefined).length, { timeout: 20_000 }).toBe(0);
    const count = (status: number | 'closed') => clients.filter((client) => client.status === status).length;
    // 401: these have no key, and keep their connections all the same.
    process.stdout.write(`${CLIENTS} connections with ${FILES} files: ${count(401)} served, ${count(503)} told 503, ${count('closed')} closed\n`);
    expect(count(401)).toBeGreaterThan(most - 10);
    expect(count(401)).toBeLessThanOrEqual(most);
    expect(count(503)).toBeGreaterThan(0);
    expect(count(401) + count(503) + count('closed')).toBe(CLIENTS);
    expect(server.alive()).toBe(true);
    // A probe is answered among those who are refused.
    const probe = ask(port, '/live');
    await expect.poll(() => probe.status).toBe(200);
    probe.socket.destroy();
    // Who is connected is served: by an engine, and with a usage record.
    const served = clients.find(({ status }) => status === 401)?.socket as Socket;
    const body = JSON.stringify(chatBody('echo', 'still here'));
    const answered = new Promise<string>((resolve) => served.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    served.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(await answered).toMatch(/^HTTP\/1.1 200 [\s\S]*still here/);
    expect(readdirSync(`/proc/${pid}/fd`).length).toBeLessThan(FILES - 20);

    for (const { socket } of clients) socket.destroy();
    await expect.poll(chat, { timeout: 20_000 }).toBe(200);
    expect(await Promise.all(Array.from({ length: 40 }, chat))).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await server.stop()).toBe(0);
  },
);
