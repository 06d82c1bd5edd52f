import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { invalid } from '../../contract/errors.ts';
import { isName, NAME_RULE, orgOfName } from '../../contract/names.ts';
import { type Db, transact } from '../../db/open.ts';
import { inspectFiles } from '../../model-files/inspect.ts';
import type { Inspection } from '../../model-files/inspection.ts';
import { type ForeignEngine, foreignManifest } from './foreign.ts';
import type { ForeignEngines } from './ports.ts';
import type { BlobStore } from './blobs.ts';
import { type Digest, parseDigest } from './digest.ts';
import { badName, blobMissing, labelNotVersion, inUse, modelNotFound, notYourName, versionNotFound } from './errors.ts';
import { manifestDigest, type Model, type ModelVersion, parseSelector } from './model.ts';
import { Garbage, type GarbageOptions } from './garbage.ts';
import * as store from './store.ts';
import type { UploadPart } from './uploads.ts';

/** Who publishes: a `CallerEntry` is one. */
export interface Publisher {
  readonly orgId: string;
  readonly orgName: string;
  readonly scopes: readonly Scope[];
}

/** What a publisher says of a version; what the weights say of themselves is read from them. */
export interface Publication {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly digest: string }[];
  readonly pipeline?: NonNullable<Manifest['pipeline']>;
  readonly batching?: NonNullable<Manifest['batching']>;
  readonly engineOptions?: Readonly<Record<string, unknown>>;
  /** Absent: an engine of our own, found by the files. */
  readonly engine?: ForeignEngine;
  readonly licence?: string;
  readonly origin: string;
  readonly card?: string;
}

export interface RegistryOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly blobs: BlobStore;
  readonly platformName: string;
  /** Which versions are running, so that none of them is removed. */
  deployedDigests(): ReadonlySet<string>;
  /** Absent: there are none. */
  readonly foreign?: ForeignEngines;
  readonly garbage: Pick<GarbageOptions, 'filesInUse' | 'everyMs' | 'graceMs' | 'collected' | 'problem'>;
}

/** Models and their immutable versions. */
export class Registry {
  readonly blobs: BlobStore;
  readonly garbage: Garbage;
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #platformName: string;
  readonly #deployedDigests: RegistryOptions['deployedDigests'];
  readonly #foreign: ForeignEngines;
  /** Publishing and collecting garbage exclude each other: a blob that is about to be referenced must not go. */
  readonly #turns = new Mutex();

  constructor({ db, clock, blobs, platformName, deployedDigests, garbage, foreign = { dialectOf: () => undefined } }: RegistryOptions) {
    this.blobs = blobs;
    this.garbage = new Garbage({ ...garbage, db, clock, blobs, turns: this.#turns });
    this.#db = db;
    this.#clock = clock;
    this.#platformName = platformName;
    this.#deployedDigests = deployedDigests;
    this.#foreign = foreign;
  }

  /** What has arrived of a publisher's upload. Whether others have the same file is nobody's business. */
  async uploadState(publisher: Publisher, digest: Digest): Promise<{ readonly bytes: number; readonly complete: boolean }> {
    // Who asks is about to publish: what is here stays meanwhile.
    const size = (await this.#holds(publisher, digest)) ? await this.blobs.hold(digest, publisher.orgId) : undefined;
    return { bytes: size ?? (await this.blobs.uploads.arrived(digest, publisher.orgId)), complete: size !== undefined };
  }

  /** Takes a part of a publisher's upload; with the last one the file is the publisher's to publish. */
  async upload(publisher: Publisher, digest: Digest, part: Omit<UploadPart, 'holder'>): Promise<{ readonly bytes: number; readonly complete: boolean }> {
    const state = await this.uploadState(publisher, digest);
    if (state.complete) return state;
    const bytes = await this.blobs.uploads.append(digest, { ...part, holder: publisher.orgId });
    if (bytes === part.total) await store.addHolder(this.#db, { orgId: publisher.orgId, digest, createdAt: this.#clock.now() });
    return { bytes, complete: bytes === part.total };
  }

  /** Makes a version of uploaded blobs: reads the weights' header, and refuses what must not run. */
  async publish(publisher: Publisher, publication: Publication): Promise<ModelVersion> {
    this.checkName(publisher, publication.name);
    return this.#turns.run(async () => {
      try {
        return await this.#insert(publisher, publication.name, await this.#manifestOf(publisher, publication));
      } finally {
        // Part of a version now, or refused: either way garbage collection may look at them again.
        for (const { digest } of publication.files) this.blobs.holds.release(digest, publisher.orgId);
      }
    });
  }

  /** Publishes a manifest of our own making: an engine without weights, as tests and demonstrations use. */
  publishManifest(publisher: Publisher, name: string, manifest: Manifest): Promise<ModelVersion> {
    this.checkName(publisher, name);
    return this.#turns.run(() => this.#insert(publisher, name, manifest));
  }

  /** @throws Fault unless `name` is a name, and the publisher's: short names are the platform's */
  checkName(publisher: Publisher, name: string): void {
    if (!isName(name)) throw badName(name, NAME_RULE);
    if ((orgOfName(name) ?? this.#platformName) !== publisher.orgName) throw notYourName(name, publisher.orgName);
  }

  /** The publisher's own models; an operator sees all. */
  list(publisher: Publisher): Promise<Model[]> {
    return store.listModels(this.#db, publisher.scopes.includes('operator') ? {} : { orgId: publisher.orgId });
  }

  async get(publisher: Publisher, name: string): Promise<Model> {
    const [model] = await store.listModels(this.#db, { names: [name] });
    if (!model || (model.orgId !== publisher.orgId && !publisher.scopes.includes('operator'))) throw modelNotFound(name);
    return model;
  }

  /** Those of these models that are there, whosever they are. */
  byNames(names: readonly string[]): Promise<Model[]> {
    return store.listModels(this.#db, { names });
  }

  /** The version that `name`, `name:N` or `name@label` means; without either: the newest. */
  async select(publisher: Publisher, text: string): Promise<ModelVersion> {
    const { name, version, label } = parseSelector(text);
    const model = await this.get(publisher, name);
    const number = version ?? (label === undefined ? model.versions[0]?.number : model.labels[label]);
    const found = model.versions.find((candidate) => candidate.number === number);
    if (!found) throw versionNotFound(name, label === undefined ? (version ?? 'any') : `@${label}`);
    return found;
  }

  /** The paths of a version's files in the blob store. */
  filesOf(manifest: Manifest): Record<string, string> {
    return Object.fromEntries(manifest.files.map(({ path, digest }) => [path, this.blobs.path(parseDigest(digest))]));
  }

  async label(publisher: Publisher, name: string, { label, version }: { readonly label: string; readonly version: number }): Promise<void> {
    const model = await this.get(publisher, name);
    if (!model.versions.some(({ number }) => number === version)) throw versionNotFound(name, version);
    await store.setLabel(this.#db, { model: name, label, version });
  }

  /** Removes a model or one version of it. The blobs go when their grace is over. */
  async remove(publisher: Publisher, text: string): Promise<void> {
    const { name, version, label } = parseSelector(text);
    if (label !== undefined) throw labelNotVersion(text);
    const model = await this.get(publisher, name);
    const going = model.versions.filter(({ number }) => version === undefined || number === version);
    if (going.length === 0) throw versionNotFound(name, version ?? 'any');
    const deployed = this.#deployedDigests();
    if (going.some(({ digest }) => deployed.has(digest))) throw inUse(text);
    // Their grace begins now.
    for (const { digest } of going.flatMap(({ manifest }) => manifest.files)) await this.blobs.touch(parseDigest(digest));
    await transact(this.#db, (tx) => store.removeVersions(tx, name, version));
  }

  /** An operator has every file; all others those that they have sent. */
  async #holds({ orgId, scopes }: Publisher, digest: Digest): Promise<boolean> {
    return scopes.includes('operator') || store.isHolder(this.#db, orgId, digest);
  }

  async #manifestOf(publisher: Publisher, publication: Publication): Promise<Manifest> {
    const files = await Promise.all(
      publication.files.map(async ({ path, digest: text }) => {
        const digest = parseDigest(text);
        const bytes = await this.blobs.size(digest);
        if (bytes === undefined || !(await this.#holds(publisher, digest))) throw blobMissing(digest);
        return { path, digest, bytes };
      }),
    );
    const found = publication.engine && files.length === 0 ? undefined : await inspectFiles(files.map(({ path, digest }) => ({ path, absolutePath: this.blobs.path(digest) })));
    const { task, engine, weights, engineOptions } = this.#served(publisher, publication, found);
    return {
      schema: 'modelyard.manifest/1',
      task,
      engine,
      // A command is told of the first: that is the weights, whatever else is in the folder.
      files: publication.engine ? files.toSorted((a, b) => Number(b.path === found?.weightsPath) - Number(a.path === found?.weightsPath)) : files,
      weights,
      ...(publication.pipeline && { pipeline: publication.pipeline }),
      ...(publication.batching && { batching: publication.batching }),
      engineOptions: { ...publication.engineOptions, ...engineOptions },
      licence: publication.licence ?? weights.licence ?? 'unknown',
      origin: publication.origin,
      card: publication.card ?? '',
    };
  }

  /** By what a version is served: what the files are, unless it names a server that is not ours. */
  #served({ scopes }: Publisher, { engine, engineOptions }: Publication, found: Inspection | undefined): Pick<Manifest, 'task' | 'engine' | 'weights' | 'engineOptions'> {
    if (engine && engineOptions) throw invalid('"engineOptions" are of our own engines; a server that is not ours has those of its template.', 'engineOptions');
    if (engine) return foreignManifest(engine, found, { engines: this.#foreign, isOperator: scopes.includes('operator') });
    if (!found) throw invalid('"files" must hold the weights.', 'files');
    return { ...found, engineOptions: {} };
  }

  #insert(publisher: Publisher, name: string, manifest: Manifest): Promise<ModelVersion> {
    const digest = manifestDigest(manifest);
    return transact(this.#db, async (tx) => {
      const now = this.#clock.now();
      await store.claimModel(tx, { name, orgId: publisher.orgId, createdAt: now });
      const versions = (await store.listModels(tx, { names: [name] })).flatMap((model) => model.versions);
      const same = versions.find((version) => version.digest === digest);
      if (same) return same;
      const version: ModelVersion = { model: name, number: (versions[0]?.number ?? 0) + 1, digest, manifest, createdAt: now };
      await store.insertVersion(tx, version);
      if (versions.length === 0) await store.setLabel(tx, { model: name, label: 'stable', version: version.number });
      return version;
    });
  }
}
