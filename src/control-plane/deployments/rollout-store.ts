import type { Db, Tx } from '../../db/open.ts';
import { type Rollout, type RolloutState, type Strategy, weightsOf } from './rollout.ts';

/** Rollouts kept per deployment. */
const KEPT = 50;

/** Newest first, by deployment. */
export async function listRollouts(on: Db | Tx): Promise<ReadonlyMap<string, readonly Rollout[]>> {
  const rows = await on.selectFrom('rollouts').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').execute();
  const rollouts = rows.map((row) => ({
    deployment: row.deployment,
    id: row.id,
    revision: row.revision,
    previous: row.previous,
    strategy: JSON.parse(row.strategy) as Strategy,
    stepsDone: row.steps_done,
    state: row.state as RolloutState,
    reason: row.reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
  return new Map([...Map.groupBy(rollouts, ({ deployment }) => deployment)].map(([name, of]) => [name, of.map(({ deployment: _deployment, ...rollout }) => rollout)]));
}

/** Writes a new rollout; the oldest of its deployment go. */
export async function insertRollout(on: Tx, deployment: string, rollout: Rollout): Promise<void> {
  const { id, revision, previous, strategy, stepsDone, state, reason, createdAt, updatedAt } = rollout;
  await on
    .insertInto('rollouts')
    .values({ id, deployment, revision, previous, strategy: JSON.stringify(strategy), steps_done: stepsDone, state, reason, created_at: createdAt, updated_at: updatedAt })
    .execute();
  const old = await on
    .selectFrom('rollouts')
    .select('id')
    .where('deployment', '=', deployment)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .offset(KEPT)
    .limit(KEPT)
    .execute();
  if (old.length > 0) {
    await on
      .deleteFrom('rollouts')
      .where(
        'id',
        'in',
        old.map((row) => row.id),
      )
      .execute();
  }
}

/** Moves a rollout on with the traffic that goes with it, if it still is where `from` says. Returns whether it was. */
export async function moveRollout(on: Tx, from: Rollout, to: Rollout): Promise<boolean> {
  const { numUpdatedRows } = await on
    .updateTable('rollouts')
    .set({ steps_done: to.stepsDone, state: to.state, reason: to.reason, updated_at: to.updatedAt })
    .where('id', '=', from.id)
    .where('state', '=', from.state)
    .where('steps_done', '=', from.stepsDone)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  for (const [revision, weight] of Object.entries(weightsOf(to))) await on.updateTable('revisions').set({ weight }).where('id', '=', revision).execute();
  return true;
}
