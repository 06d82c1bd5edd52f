import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Modelyard } from '@modelyard/sdk';
import type { DefinedModel } from './define-model.ts';

export const NAME = 'seed-mlp';

/** Uploads the files by their digests and makes a version of them. @returns its number */
export async function publishModel(client: Modelyard, { files }: DefinedModel): Promise<number> {
  const uploaded: { path: string; digest: string }[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await client.uploads.send(digest, new Blob([bytes]));
    uploaded.push({ path, digest });
  }
  const { number } = await client.post('/api/v1/models', { body: { name: NAME, files: uploaded, licence: 'MIT', batching: { maxBatchSize: 32 } } });
  return number;
}

/** Publishes the model and deploys it with one engine, and a second one under load. Resolves when it answers. */
export async function deployModel(client: Modelyard, model: DefinedModel): Promise<void> {
  const version = await publishModel(client, model);
  await client.post('/api/v1/deployments', { body: { model: `${NAME}:${version}`, name: NAME, minReplicas: 1, maxReplicas: 2, targetConcurrency: 2, threads: 1 } });
  await until(async () => (await servedVersion(client)) === version);
}

/** The version that has all the traffic and an engine that is ready; undefined while there is none. */
async function servedVersion(client: Modelyard): Promise<number | undefined> {
  const { revisions } = await client.get('/api/v1/deployments/{name}', { params: { name: NAME } });
  return revisions.find(({ weight, state }) => weight === 100 && state === 'ready')?.version;
}

export type Replica = Awaited<ReturnType<typeof readyReplicas>>[number];

export async function readyReplicas(client: Modelyard) {
  const { revisions } = await client.get('/api/v1/deployments/{name}', { params: { name: NAME } });
  return revisions.flatMap(({ replicas }) => replicas).filter(({ state }) => state === 'ready');
}

const PATIENCE_MS = 60_000;
const POLL_MS = 200;

/** Waits until it is so. @throws Error when it is not within a minute */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`nothing came of it within ${PATIENCE_MS / 1000} s`);
    await pause(POLL_MS);
  }
}
