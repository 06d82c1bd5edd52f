import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { invalid } from '../../contract/errors.ts';
import type { Job, Jobs, Report } from '../jobs/index.ts';
import { operatorsOnly } from './errors.ts';
import type { Details } from './pull.ts';
import type { Publisher, Registry } from './service.ts';
import type { Downloads } from './sources/download.ts';
import { type FileSource, parseFileSource } from './sources/file-source.ts';

const KIND = 'download';

/** A version of files of web servers or of the Hugging Face Hub, for `modelyard publish NAME hf:…`. */
export interface FilePull extends Details {
  readonly name: string;
  readonly source: string;
  readonly moreSources?: readonly string[];
  /** Takes whatever comes where nobody says what a file must be, and records its digest in the version. */
  readonly recordDigest?: boolean;
}

export interface FilePullsOptions {
  readonly registry: Registry;
  readonly downloads: Downloads;
  readonly jobs: Jobs;
  readonly clock: Clock;
}

/** Downloads files and publishes them, as jobs that go on where they stopped, also after the process was killed (S31). */
export class FilePulls {
  readonly #options: FilePullsOptions;

  constructor(options: FilePullsOptions) {
    this.#options = options;
    options.jobs.resumable(KIND, (job, report, signal) => this.#work(job, report, signal));
  }

  /** @throws Fault at once for what is wrong with the order itself */
  start(publisher: Publisher, pull: FilePull): Promise<Job> {
    if (!publisher.scopes.includes('operator')) throw operatorsOnly();
    this.#options.registry.checkName(publisher, pull.name);
    sourcesOf(pull);
    return this.#options.jobs.start({ orgId: publisher.orgId, kind: KIND, input: { ...pull, org: publisher.orgName } });
  }

  async #work({ orgId, input }: Job, report: Report, signal: AbortSignal): Promise<unknown> {
    const { registry, downloads, clock } = this.#options;
    const { org, ...pull } = input as FilePull & { readonly org: string };
    const holder = newId('pull', clock.now());
    try {
      const files = [];
      for (const source of sourcesOf(pull)) files.push(await downloads.fetch({ source, recordDigest: pull.recordDigest ?? false, holder }, { report, signal }));
      signal.throwIfAborted();
      report('publishing');
      const { source: _source, moreSources: _more, recordDigest: _record, ...publication } = pull;
      // Only operators start one: what they may is not less when it goes on.
      const publisher: Publisher = { orgId, orgName: org, scopes: ['operator'] };
      const origin = files.map((file) => file.origin).join(', ');
      const { model, number, digest } = await registry.publish(publisher, { ...publication, files: files.map(({ path, digest: of }) => ({ path, digest: of })), origin });
      return { model, version: number, digest };
    } finally {
      registry.blobs.holds.releaseAll(holder);
    }
  }
}

/** @throws Fault for what is no source, and for two files of one name */
function sourcesOf({ source, moreSources = [] }: FilePull): FileSource[] {
  const sources = [source, ...moreSources].map(parseFileSource);
  const names = sources.map(({ fileName }) => fileName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid(`Two sources have a file "${twice}"; a version has one of each name.`, 'moreSources');
  return sources;
}
