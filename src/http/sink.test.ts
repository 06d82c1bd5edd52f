import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { systemClock } from '../base/clock.ts';
import { openaiFaults } from '../data-plane/protocols/openai-errors.ts';
import { ResponseSink } from './sink.ts';

test('S25: a slow reader makes the sink say stop, with a bounded buffer; waiting for it leaves no listeners behind, and its leaving ends the wait', async () => {
  const responses = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, response) => responses.resolve(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const response = await responses.promise;
  const sink = new ResponseSink(response, openaiFaults, systemClock, 60_000);
  sink.head(200, { 'content-type': 'text/event-stream' });
  const before = response.listenerCount('close');
  const frame = Buffer.alloc(65_536, 'x');
  for (let round = 0; round < 20; round++) {
    client.pause();
    let frames = 0;
    while (sink.frame(frame) && frames < 1_000) frames++;
    expect(frames).toBeLessThan(1_000);
    expect(response.writableLength).toBeLessThan(1_048_576);
    const drained = sink.drained();
    client.resume();
    await drained;
  }
  expect(response.listenerCount('close')).toBe(before);
  client.pause();
  for (let frames = 0; sink.frame(frame) && frames < 1_000; frames++);
  const drained = sink.drained();
  client.destroy();
  await drained;
  expect(sink.frame(frame)).toBe(true);
  sink.end();
  server.close();
});

test('S25: what is written to its end and not read is dropped after a stall for each 128 KiB of it; one that is read in time is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-sink-'));
  const clock = new FakeClock();
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => responses.push(response)).listen(join(folder, 's'));
  await once(server, 'listening');
  const clients = [connect(join(folder, 's')), connect(join(folder, 's'))];
  for (const client of clients) client.on('error', () => undefined).write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect.poll(() => responses.length).toBe(2);
  for (const response of responses) {
    const sink = new ResponseSink(response, openaiFaults, clock, 60_000);
    sink.head(200, { 'content-type': 'application/json' });
    sink.end(Buffer.alloc(1_048_576, 'x'));
  }
  const stalls = Math.ceil((responses[0]?.writableLength ?? 0) / 131_072);
  expect(stalls).toBeGreaterThan(5);
  clients[0]?.resume();
  await expect.poll(() => responses.filter(({ writableFinished }) => writableFinished).length).toBe(1);
  await clock.advance(stalls * 60_000 - 1);
  expect(responses.filter(({ socket }) => socket?.destroyed).length).toBe(0);
  await clock.advance(1);
  expect(responses.map(({ writableFinished, destroyed }) => `${writableFinished} ${destroyed}`).toSorted((a, b) => a.localeCompare(b))).toEqual(['false true', 'true true']);
  for (const client of clients) client.destroy();
  server.close();
  rmSync(folder, { recursive: true });
});
