import type { Manifest } from '../../contract/manifest.ts';
import type { RevisionHealth } from './model.ts';

/** A revision as the scheduler is told of it. */
export interface WantedRevision {
  readonly id: string;
  readonly deployment: string;
  readonly replicas: number;
  readonly threads: number;
  readonly manifest: Manifest;
  readonly files: Readonly<Record<string, string>>;
}

/** What deployments need of the scheduler; `app/` joins it to `reconcile`. */
export interface Scheduling {
  want(revisions: readonly WantedRevision[]): void;
  health(revision: string): RevisionHealth | undefined;
  logs(deployment: string, linesMax: number): readonly string[];
}
