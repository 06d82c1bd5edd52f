import type { Db, Tx } from '../../db/open.ts';
import { listRollouts } from './rollout-store.ts';
import { type Deployment, type Resources, RESOURCES_DEFAULT, type Revision } from './model.ts';

type On = Db | Tx;

export async function listDeployments(on: On): Promise<Deployment[]> {
  const rows = await on
    .selectFrom('deployments')
    .innerJoin('organisations', 'organisations.id', 'deployments.org_id')
    .selectAll('deployments')
    .select('organisations.name as org_name')
    .orderBy('deployments.name')
    .execute();
  const rollouts = await listRollouts(on);
  const revisions = Map.groupBy(await on.selectFrom('revisions').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').execute(), ({ deployment }) => deployment);
  return rows.map((row) => ({
    name: row.name,
    orgId: row.org_id,
    orgName: row.org_name,
    model: row.model,
    fallback: row.fallback ?? undefined,
    hedge: row.hedge === 1,
    strict: row.strict === 1,
    createdAt: row.created_at,
    rollouts: rollouts.get(row.name) ?? [],
    revisions: (revisions.get(row.name) ?? []).map((revision) => ({
      id: revision.id,
      model: revision.model,
      version: revision.version,
      digest: revision.digest,
      // Revisions of before there were bounds name none.
      resources: { ...RESOURCES_DEFAULT, ...(JSON.parse(revision.resources) as Resources) },
      weight: revision.weight,
      createdAt: revision.created_at,
    })),
  }));
}

export async function upsertDeployment(on: On, { name, orgId, model, createdAt }: { name: string; orgId: string; model: string; createdAt: number }): Promise<void> {
  await on
    .insertInto('deployments')
    .values({ name, org_id: orgId, model, created_at: createdAt, updated_at: createdAt })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ model, updated_at: createdAt }))
    .execute();
}

export async function insertRevision(on: On, deployment: string, revision: Revision): Promise<void> {
  const { id, model, version, digest, resources, weight, createdAt } = revision;
  await on
    .insertInto('revisions')
    .values({ id, deployment, model, version, digest, resources: JSON.stringify(resources), weight, created_at: createdAt })
    .execute();
}

export async function updateResources(on: On, revision: string, resources: Resources): Promise<void> {
  await on
    .updateTable('revisions')
    .set({ resources: JSON.stringify(resources) })
    .where('id', '=', revision)
    .execute();
}

export async function updateRouting(
  on: On,
  deployment: string,
  { fallback, hedge, strict }: { readonly fallback: string | null | undefined; readonly hedge: boolean | undefined; readonly strict: boolean | undefined },
): Promise<void> {
  const set = { ...(fallback !== undefined && { fallback }), ...(hedge !== undefined && { hedge: Number(hedge) }), ...(strict !== undefined && { strict: Number(strict) }) };
  if (Object.keys(set).length > 0) await on.updateTable('deployments').set(set).where('name', '=', deployment).execute();
}

export async function deleteDeployment(on: On, name: string): Promise<void> {
  await on.deleteFrom('rollouts').where('deployment', '=', name).execute();
  await on.deleteFrom('revisions').where('deployment', '=', name).execute();
  await on.deleteFrom('deployments').where('name', '=', name).execute();
}
