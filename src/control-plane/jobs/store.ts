import type { Db } from '../../db/open.ts';
import type { Job, JobError, JobState } from './model.ts';

export async function insertJob(on: Db, { id, orgId, kind, state, input, progress, createdAt, updatedAt }: Job): Promise<void> {
  await on
    .insertInto('jobs')
    .values({ id, org_id: orgId, kind, state, input: JSON.stringify(input ?? null), progress, result: null, error: null, created_at: createdAt, updated_at: updatedAt })
    .execute();
}

/** Only what runs can change. */
export async function updateJob(
  on: Db,
  id: string,
  change: { readonly state?: JobState; readonly progress?: string; readonly result?: unknown; readonly error?: JobError; readonly now: number },
): Promise<void> {
  const { state, progress, result, error, now } = change;
  await on
    .updateTable('jobs')
    .set({
      updated_at: now,
      ...(state !== undefined && { state }),
      ...(progress !== undefined && { progress }),
      ...(result !== undefined && { result: JSON.stringify(result) }),
      ...(error !== undefined && { error: JSON.stringify(error) }),
    })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute();
}

/** Of all kinds but `except`. */
export async function failRunning(on: Db, { error, except, now }: { readonly error: JobError; readonly except: readonly string[]; readonly now: number }): Promise<void> {
  await on
    .updateTable('jobs')
    .set({ state: 'failed', error: JSON.stringify(error), updated_at: now })
    .where('state', '=', 'running')
    .$if(except.length > 0, (q) => q.where('kind', 'not in', except))
    .execute();
}

/** The newest first. */
export async function listJobs(on: Db, filter: { readonly orgId?: string; readonly id?: string; readonly state?: JobState }, rowsMax: number): Promise<Job[]> {
  const { orgId, id, state } = filter;
  const rows = await on
    .selectFrom('jobs')
    .selectAll()
    .$if(orgId !== undefined, (q) => q.where('org_id', '=', orgId ?? ''))
    .$if(id !== undefined, (q) => q.where('id', '=', id ?? ''))
    .$if(state !== undefined, (q) => q.where('state', '=', state ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(rowsMax)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    kind: row.kind,
    state: row.state as JobState,
    input: JSON.parse(row.input) as unknown,
    progress: row.progress,
    result: row.result === null ? null : (JSON.parse(row.result) as unknown),
    error: row.error === null ? undefined : (JSON.parse(row.error) as JobError),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}
