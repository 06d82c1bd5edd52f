import { expect, test } from 'vitest';
import { chatBody, echoManifest, startHarness } from '../harness.ts';

test('S13: calls that wait while a new version takes the traffic are served by it; none is refused', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('echo', { slots: 2 });
  const { control, operator } = modelyard.running;
  const calls = Array.from({ length: 40 }, () => modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'a b c [[delay-ms:20]]') }));
  await control.registry.publishManifest(operator, 'echo', echoManifest({ slots: 3 }));
  await control.deployments.deploy(operator, { model: 'echo:2' });
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  await Promise.all(answers.map((answer) => answer.text()));
  const metadata = (await (await modelyard.call('/v2/models/echo')).json()) as { versions: string[] };
  expect(metadata.versions).toEqual(['2']);
});

test('a call that names the version that leaves is refused, not served by another', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('echo', { slots: 1 });
  const { control, operator } = modelyard.running;
  const calls = Array.from({ length: 6 }, () => modelyard.call('/v1/chat/completions', { body: chatBody('echo:1', 'a b c d [[delay-ms:60]]') }));
  await control.registry.publishManifest(operator, 'echo', echoManifest({ slots: 2 }));
  await control.deployments.deploy(operator, { model: 'echo' });
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses).toContain(503);
  expect((await modelyard.call('/v1/chat/completions', { body: chatBody('echo:1', 'x') })).status).toBe(404);
});
