import { access, writeFile } from 'node:fs/promises';
import { pullStarter, STARTERS } from '../control-plane/registry/index.ts';
import type { HomeFolder } from './home.ts';
import type { Running } from './lifecycle.ts';

export interface StarterOptions {
  readonly folder: HomeFolder;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  progress(text: string): void;
  done(text: string): void;
}

/** Whether this home has had its starters: then they are the operator's, to keep or to remove. */
export async function startersDone({ startersDone: file }: HomeFolder): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Pulls and deploys the starter models of a new home; in every case waits until those that run are ready. */
export async function provideStarters(running: Running, options: StarterOptions): Promise<void> {
  const { control, operator } = running;
  const { deployments } = control;
  const isNew = !(await startersDone(options.folder));
  if (isNew) await pullAndDeploy(running, options);
  for (const { name } of STARTERS) {
    if (!deployments.list(operator).some((deployment) => deployment.name === name)) continue;
    options.progress(`${name}: loading`);
    await deployments.ready(operator, name, options.signal);
    options.done(`✓ ${name}`);
  }
  if (isNew) await writeFile(options.folder.startersDone, '', { mode: 0o600 });
}

async function pullAndDeploy({ control, operator }: Running, { environment, signal, progress }: StarterOptions): Promise<void> {
  const { registry, deployments } = control;
  for (const starter of STARTERS) {
    const version = await pullStarter(registry, operator, starter, { environment, signal, report: (text) => progress(`${starter.name}: ${text}`) });
    const known = deployments.list(operator).find(({ name }) => name === starter.name);
    if (!known?.revisions.some(({ digest }) => digest === version.digest)) await deployments.deploy(operator, { model: starter.name });
  }
}
