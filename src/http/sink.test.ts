import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
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
