import type { DeploymentRoute, RoutesFeed } from '../contract/feeds.ts';
import type { Routes } from './ports.ts';

/** The newest routes feed, indexed by name. Replaced whole, so a reader never sees half of one. */
export class RoutesTable implements Routes {
  #byName: ReadonlyMap<string, DeploymentRoute> = new Map();
  #all: readonly DeploymentRoute[] = [];
  #epoch = 0;
  /** Whether any feed has come yet. */
  received = false;

  /** Takes a newer feed. Returns whether it did: one of a leader that has been replaced is refused (S35). */
  update({ deployments, epoch }: RoutesFeed): boolean {
    if (epoch !== 0 && epoch < this.#epoch) return false;
    this.#epoch = Math.max(epoch, this.#epoch);
    this.#all = deployments;
    this.#byName = new Map(deployments.map((deployment) => [deployment.name, deployment]));
    this.received = true;
    return true;
  }

  /** What comes next is of a database that was put back: epochs of before mean nothing any more. */
  renew(): void {
    this.#epoch = 0;
  }

  find(name: string): DeploymentRoute | undefined {
    return this.#byName.get(name);
  }

  list(): readonly DeploymentRoute[] {
    return this.#all;
  }
}
