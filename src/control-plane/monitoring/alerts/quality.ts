import type { Clock } from '../../../base/clock.ts';
import type { DeploymentView } from '../../deployments/index.ts';
import type { Evaluation } from '../../evaluation/index.ts';
import type { Viewer } from '../service.ts';

/** The newest report of a model is asked for so often, not at every look. */
const EVERY_MS = 60_000;
const KNOWN_MAX = 1_000;

/** What the newest evaluation says of the model version that a deployment gives most of its traffic. */
export class Quality {
  readonly #evaluation: Evaluation;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly at: number; readonly metrics: Readonly<Record<string, number | undefined>> }>();

  constructor(evaluation: Evaluation, clock: Clock) {
    this.#evaluation = evaluation;
    this.#clock = clock;
  }

  /** @returns undefined when there is no report, or none with this metric */
  async of(viewer: Viewer, { revisions }: DeploymentView, metric: string): Promise<number | undefined> {
    const [revision] = revisions.toSorted((a, b) => b.weight - a.weight);
    if (!revision) return undefined;
    const key = `${viewer.scopes.includes('operator') ? '' : viewer.orgId} ${revision.model}:${revision.version}`;
    const known = this.#known.get(key);
    if (known && this.#clock.monotonic() - known.at < EVERY_MS) return known.metrics[metric];
    const metrics = await this.#newest(viewer, revision);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(key, { at: this.#clock.monotonic(), metrics });
    return metrics[metric];
  }

  /** Reports name a model with its version, or without. */
  async #newest(viewer: Viewer, { model, version }: { readonly model: string; readonly version: number }): Promise<Record<string, number | undefined>> {
    const reports = await Promise.all([`${model}:${version}`, model].map((name) => this.#evaluation.list(viewer, name, 1)));
    const [newest] = reports.flat().toSorted((a, b) => b.createdAt - a.createdAt);
    return Object.fromEntries(Object.entries(newest?.report.metrics ?? {}).map(([name, measured]) => [name, measured?.value]));
  }
}
