import type { ModelVersion, Registry } from '../registry/index.ts';
import { parseDigest } from '../registry/index.ts';
import { notLoadable } from './errors.ts';
import type { Deployment } from './model.ts';
import { failedLoad } from './rollout.ts';

export interface Asked {
  readonly registry: Registry;
  readonly version: ModelVersion & { readonly model: string };
  /** As it was written: by number or by label. */
  readonly asked: string;
  readonly deployment: Deployment | undefined;
}

/**
 * @throws Fault for a version that is known not to load: a file of it is missing, or it is asked for by a label and failed here when it
 * was last tried. Asked for by its number it is tried again: somebody means it (S15, as TensorFlow Serving refuses a label on what isn't loaded).
 */
export async function loadable({ registry, version, asked, deployment }: Asked): Promise<void> {
  const name = `${version.model}:${version.number}`;
  for (const { path, digest } of version.manifest.files) {
    if ((await registry.blobs.size(parseDigest(digest))) === undefined) throw notLoadable(name, `its file "${path}" is missing`);
  }
  const failed = asked.includes('@') && deployment && failedLoad(deployment.revisions, deployment.rollouts, version.digest);
  if (failed) throw notLoadable(name, `${failed.reason} when it was last tried; deploy it by its number to try again`);
}
