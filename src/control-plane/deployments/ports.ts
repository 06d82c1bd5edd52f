import type { Manifest } from '../../contract/manifest.ts';
import type { Resources, RevisionHealth } from './model.ts';

/** A revision as the scheduler is told of it. */
export interface WantedRevision {
  readonly id: string;
  readonly deployment: string;
  readonly digest: string;
  readonly resources: Resources;
  /** A new revision before it has any traffic: it is loaded even if others must go for it. */
  readonly isRollout: boolean;
  readonly manifest: Manifest;
  readonly files: Readonly<Record<string, string>>;
}

/** What deployments need of the scheduler; `app/` joins it to `reconcile`. */
export interface Scheduling {
  want(revisions: readonly WantedRevision[]): void;
  /** @throws Fault `model_too_large` with the numbers when the model can never fit */
  admit(manifest: Manifest, resources: Resources): void;
  health(revision: string): RevisionHealth | undefined;
  logs(deployment: string, linesMax: number): readonly string[];
}
