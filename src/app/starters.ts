import { pullStarter, STARTERS } from '../control-plane/registry/index.ts';
import type { Running } from './lifecycle.ts';

export interface StarterOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  progress(text: string): void;
  done(text: string): void;
}

/** Pulls what is missing of the starter models, deploys them, and waits until all are ready. */
export async function provideStarters({ control, operator }: Running, { environment, signal, progress, done }: StarterOptions): Promise<void> {
  const { registry, deployments } = control;
  for (const starter of STARTERS) {
    const version = await pullStarter(registry, operator, starter, { environment, signal, report: (text) => progress(`${starter.name}: ${text}`) });
    const running = deployments.list(operator).find(({ name }) => name === starter.name);
    if (!running?.revisions.some(({ digest }) => digest === version.digest)) await deployments.deploy(operator, { model: starter.name });
  }
  for (const { name } of STARTERS) {
    progress(`${name}: loading`);
    await deployments.ready(operator, name, signal);
    done(`✓ ${name}`);
  }
}
