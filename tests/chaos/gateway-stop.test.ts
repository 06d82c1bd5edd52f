import { expect, test } from 'vitest';
import { freePort } from '../../src/base/free-port.ts';
import { chatBody } from '../harness.ts';
import { makeHome } from './made-home.ts';
import { startServer } from './server-process.ts';

// An engine closes a connection that nobody has used for a minute: a gateway that left its own open would stay for so long.
test('a gateway that is told to stop ends while the engines that it has called run on', { timeout: 45_000 }, async () => {
  using made = await makeHome((modelyard) => modelyard.deployEcho('echo', { slots: 8 }));
  const { home, key, port } = made;
  await using server = await startServer(home, port, key);
  await using gateway = await startServer(home, await freePort(), key, { role: ['--role', 'gateway', '--name', 'east'] });
  const chat = ({ url }: { readonly url: string }) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(chatBody('echo', 'one two')),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', connection: 'close' },
    });
  expect((await chat(gateway)).status).toBe(200);
  expect(await gateway.kill('SIGTERM')).toBe(0);
  expect((await chat(server)).status).toBe(200);
});
