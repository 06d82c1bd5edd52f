import type { Db } from '../../db/open.ts';
import type { DatasetFormat } from './run/dataset.ts';
import type { Prediction } from './run/settings.ts';

/** An organisation's datasets; beyond, the one that was not used for longest goes. */
const DATASETS_MAX = 20;
/** Answers of runs that nobody went on with are kept so long. */
const ANSWERS_KEPT_MS = 30 * 86_400_000;

export interface StoredDataset {
  readonly orgId: string;
  readonly digest: string;
  readonly format: DatasetFormat;
  readonly content: string;
  readonly examples: number;
  readonly bytes: number;
}

/** How one example ended, kept as JSON. `failed` comes first, so that it can be counted without reading them. */
export type Answer =
  | { readonly failed: { readonly code: string; readonly message: string }; readonly ms: number }
  | { readonly prediction: Prediction; readonly ms: number; readonly revision: string; readonly promptTokens: number; readonly completionTokens: number };

export interface NumberedAnswer {
  readonly index: number;
  readonly answer: Answer;
}

export async function upsertDataset(db: Db, { orgId, ...dataset }: StoredDataset, now: number): Promise<void> {
  await db
    .insertInto('datasets')
    .values({ org_id: orgId, ...dataset, used_at: now })
    .onConflict((conflict) => conflict.columns(['org_id', 'digest']).doUpdateSet({ used_at: now, format: dataset.format, examples: dataset.examples }))
    .execute();
  const beyond = await db.selectFrom('datasets').select('digest').where('org_id', '=', orgId).orderBy('used_at', 'desc').orderBy('digest').limit(1_000).execute();
  const old = beyond.slice(DATASETS_MAX).map(({ digest }) => digest);
  if (old.length > 0) await db.deleteFrom('datasets').where('org_id', '=', orgId).where('digest', 'in', old).execute();
}

export async function findDataset(db: Db, { orgId, digest }: Pick<StoredDataset, 'orgId' | 'digest'>): Promise<Pick<StoredDataset, 'examples'> | undefined> {
  return db.selectFrom('datasets').select('examples').where('org_id', '=', orgId).where('digest', '=', digest).executeTakeFirst();
}

/** The whole dataset; it counts as used now. */
export async function useDataset(db: Db, key: Pick<StoredDataset, 'orgId' | 'digest'>, now: number): Promise<StoredDataset | undefined> {
  const row = await db.selectFrom('datasets').selectAll().where('org_id', '=', key.orgId).where('digest', '=', key.digest).executeTakeFirst();
  if (!row) return undefined;
  await db.updateTable('datasets').set({ used_at: now }).where('org_id', '=', key.orgId).where('digest', '=', key.digest).execute();
  return { ...key, format: row.format as DatasetFormat, content: row.content, examples: row.examples, bytes: row.bytes };
}

export async function insertAnswers(db: Db, run: string, answers: readonly NumberedAnswer[], now: number): Promise<void> {
  await db
    .insertInto('evaluation_answers')
    .values(answers.map(({ index, answer }) => ({ run_id: run, example: index, answer: JSON.stringify(answer), created_at: now })))
    .onConflict((conflict) => conflict.columns(['run_id', 'example']).doNothing())
    .execute();
}

export async function listAnswers(db: Db, run: string): Promise<NumberedAnswer[]> {
  const rows = await db.selectFrom('evaluation_answers').select(['example', 'answer']).where('run_id', '=', run).orderBy('example').execute();
  return rows.map(({ example, answer }) => ({ index: example, answer: JSON.parse(answer) as Answer }));
}

export async function countAnswers(db: Db, run: string): Promise<{ readonly ended: number; readonly failed: number }> {
  const count = async (failed: boolean) => {
    const { n } = await db
      .selectFrom('evaluation_answers')
      .select((of) => of.fn.countAll<number>().as('n'))
      .where('run_id', '=', run)
      .$if(failed, (query) => query.where('answer', 'like', '{"failed"%'))
      .executeTakeFirstOrThrow();
    return n;
  };
  return { ended: await count(false), failed: await count(true) };
}

/** For another try: what failed is no longer answered. */
export async function forgetFailures(db: Db, run: string): Promise<void> {
  await db.deleteFrom('evaluation_answers').where('run_id', '=', run).where('answer', 'like', '{"failed"%').execute();
}

export async function sweepAnswers(db: Db, now: number): Promise<void> {
  await db
    .deleteFrom('evaluation_answers')
    .where('created_at', '<', now - ANSWERS_KEPT_MS)
    .execute();
}
