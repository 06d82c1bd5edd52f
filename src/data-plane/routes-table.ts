import type { DeploymentRoute, RoutesFeed } from '../contract/feeds.ts';
import type { Routes } from './ports.ts';

/** The newest routes feed, indexed by name. Replaced whole, so a reader never sees half of one. */
export class RoutesTable implements Routes {
  #byName: ReadonlyMap<string, DeploymentRoute> = new Map();
  #all: readonly DeploymentRoute[] = [];
  /** Whether any feed has come yet. */
  received = false;

  update({ deployments }: RoutesFeed): void {
    this.#all = deployments;
    this.#byName = new Map(deployments.map((deployment) => [deployment.name, deployment]));
    this.received = true;
  }

  find(name: string): DeploymentRoute | undefined {
    return this.#byName.get(name);
  }

  list(): readonly DeploymentRoute[] {
    return this.#all;
  }
}
