import type { Db } from '../../db/open.ts';
import type { Report } from './model.ts';

export interface StoredEvaluation {
  readonly id: string;
  readonly orgId: string;
  readonly model: string;
  readonly digest: string;
  readonly examplesDigest: string;
  readonly report: Report;
  /** Of a classification: which examples were right, for comparing with another on the same examples. */
  readonly correct: readonly boolean[] | undefined;
  readonly createdAt: number;
}

export async function insertEvaluation(db: Db, { id, orgId, model, digest, examplesDigest, report, correct, createdAt }: StoredEvaluation): Promise<void> {
  const row = { id, org_id: orgId, model, task: report.task, digest, examples_digest: examplesDigest, report: JSON.stringify(report) };
  await db
    .insertInto('evaluations')
    .values({ ...row, correct: correct ? correct.map(Number).join('') : null, created_at: createdAt })
    .execute();
}

/** The newest first. */
export async function listEvaluations(
  db: Db,
  { orgId, model, id }: { readonly orgId?: string | undefined; readonly model?: string | undefined; readonly id?: string },
  rowsMax: number,
): Promise<StoredEvaluation[]> {
  const rows = await db
    .selectFrom('evaluations')
    .selectAll()
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(model !== undefined, (query) => query.where('model', '=', model ?? ''))
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(rowsMax)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    model: row.model,
    digest: row.digest,
    examplesDigest: row.examples_digest,
    report: JSON.parse(row.report) as Report,
    correct: row.correct === null ? undefined : Array.from(row.correct, (one) => one === '1'),
    createdAt: row.created_at,
  }));
}
