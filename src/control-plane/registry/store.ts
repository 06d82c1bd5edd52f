import type { Manifest } from '../../contract/manifest.ts';
import { isOneOf } from '../../db/dialect.ts';
import type { Db, Tx } from '../../db/open.ts';
import type { Model, ModelVersion } from './model.ts';

type On = Db | Tx;

export async function listModels(on: On, filter: { readonly orgId?: string; readonly names?: readonly string[] }): Promise<Model[]> {
  const { orgId, names: wanted } = filter;
  const models = await on
    .selectFrom('models')
    .selectAll()
    .$if(orgId !== undefined, (q) => q.where('org_id', '=', orgId ?? ''))
    .$if(wanted !== undefined, (q) => q.where(isOneOf(on, 'name', wanted ?? [])))
    .orderBy('name')
    .execute();
  const names = models.map((row) => row.name);
  if (names.length === 0) return [];
  const versions = Map.groupBy(
    await on
      .selectFrom('model_versions')
      .selectAll()
      .where(isOneOf(on, 'model', names))
      .orderBy('number', 'desc')
      .execute(),
    ({ model }) => model,
  );
  const labels = Map.groupBy(
    await on
      .selectFrom('labels')
      .selectAll()
      .where(isOneOf(on, 'model', names))
      .execute(),
    ({ model }) => model,
  );
  return models.map((row) => ({
    name: row.name,
    orgId: row.org_id,
    createdAt: row.created_at,
    labels: Object.fromEntries((labels.get(row.name) ?? []).map(({ label, version }) => [label, version])),
    versions: (versions.get(row.name) ?? []).map((version) => ({
      model: version.model,
      number: version.number,
      digest: version.digest,
      manifest: JSON.parse(version.manifest) as Manifest,
      createdAt: version.created_at,
    })),
  }));
}

/** Makes a model, or finds it made; either way nobody else adds to it or removes it until the transaction ends, on any database. */
export async function claimModel(on: On, { name, orgId, createdAt }: { name: string; orgId: string; createdAt: number }): Promise<void> {
  await on
    .insertInto('models')
    .values({ name, org_id: orgId, created_at: createdAt })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ name }))
    .execute();
}

export async function insertVersion(on: On, { model, number, digest, manifest, createdAt }: ModelVersion): Promise<void> {
  await on
    .insertInto('model_versions')
    .values({ model, number, digest, manifest: JSON.stringify(manifest), created_at: createdAt })
    .execute();
}

export async function setLabel(on: On, { model, label, version }: { model: string; label: string; version: number }): Promise<void> {
  await on
    .insertInto('labels')
    .values({ model, label, version })
    .onConflict((conflict) => conflict.columns(['model', 'label']).doUpdateSet({ version }))
    .execute();
}

/** Removes a whole model, or one version with its labels. */
export async function removeVersions(on: On, model: string, number: number | undefined): Promise<void> {
  // Whoever adds a version meanwhile waits (see claimModel).
  await on.updateTable('models').set({ name: model }).where('name', '=', model).execute();
  await on
    .deleteFrom('labels')
    .where('model', '=', model)
    .$if(number !== undefined, (q) => q.where('version', '=', number ?? 0))
    .execute();
  await on
    .deleteFrom('model_versions')
    .where('model', '=', model)
    .$if(number !== undefined, (q) => q.where('number', '=', number ?? 0))
    .execute();
  const rest = await on.selectFrom('model_versions').select('number').where('model', '=', model).executeTakeFirst();
  if (!rest) await on.deleteFrom('models').where('name', '=', model).execute();
}

/** Every blob that some version needs. */
export async function referencedDigests(on: On): Promise<Set<string>> {
  const rows = await on.selectFrom('model_versions').select('manifest').execute();
  return new Set(rows.flatMap(({ manifest }) => (JSON.parse(manifest) as Manifest).files.map(({ digest }) => digest)));
}

export async function addHolder(on: On, { orgId, digest, createdAt }: { orgId: string; digest: string; createdAt: number }): Promise<void> {
  await on
    .insertInto('blob_holders')
    .values({ org_id: orgId, digest, created_at: createdAt })
    .onConflict((conflict) => conflict.columns(['org_id', 'digest']).doNothing())
    .execute();
}

export async function isHolder(on: On, orgId: string, digest: string): Promise<boolean> {
  const row = await on.selectFrom('blob_holders').select('digest').where('org_id', '=', orgId).where('digest', '=', digest).executeTakeFirst();
  return row !== undefined;
}

/** A blob goes: that somebody has sent it means nothing any more. */
export async function removeHolders(on: On, digest: string): Promise<void> {
  await on.deleteFrom('blob_holders').where('digest', '=', digest).execute();
}
