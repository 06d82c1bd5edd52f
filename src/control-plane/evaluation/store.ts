import { type Db, transact } from '../../db/open.ts';
import type { Report } from './model.ts';
import type { RunFacts } from './run-model.ts';

export interface StoredEvaluation {
  readonly id: string;
  readonly orgId: string;
  readonly model: string;
  readonly digest: string;
  readonly examplesDigest: string;
  readonly report: Report;
  /** Of a classification: which examples were right, for comparing with another on the same examples. */
  readonly correct: readonly boolean[] | undefined;
  /** How it was measured, where this server called the model itself. */
  readonly run: RunFacts | undefined;
  /** Of a run: each example's score in the dataset's order, the higher the better; null where it failed. */
  readonly scores: readonly (number | null)[] | undefined;
  readonly createdAt: number;
}

/** Keeps a report; of a run, in the place of its answers. */
export async function insertEvaluation(db: Db, { id, orgId, model, digest, examplesDigest, report, correct, run, scores, createdAt }: StoredEvaluation): Promise<void> {
  const row = { id, org_id: orgId, model, task: report.task, digest, examples_digest: examplesDigest, report: JSON.stringify(report), created_at: createdAt };
  const ofRun = { run_id: run?.id ?? null, run: run ? JSON.stringify(run) : null, scores: scores ? JSON.stringify(scores) : null };
  await transact(db, async (tx) => {
    await tx
      .insertInto('evaluations')
      .values({ ...row, ...ofRun, correct: correct ? correct.map(Number).join('') : null })
      .execute();
    if (run) await tx.deleteFrom('evaluation_answers').where('run_id', '=', run.id).execute();
  });
}

export interface EvaluationFilter {
  readonly orgId?: string | undefined;
  readonly model?: string | undefined;
  readonly id?: string;
  readonly run?: string;
  /** Only those that this server measured itself. */
  readonly runsOnly?: boolean;
}

/** The newest first. */
export async function listEvaluations(db: Db, { orgId, model, id, run, runsOnly = false }: EvaluationFilter, rowsMax: number): Promise<StoredEvaluation[]> {
  const rows = await db
    .selectFrom('evaluations')
    .selectAll()
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(model !== undefined, (query) => query.where('model', '=', model ?? ''))
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .$if(run !== undefined, (query) => query.where('run_id', '=', run ?? ''))
    .$if(runsOnly, (query) => query.where('run_id', 'is not', null))
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
    run: row.run === null ? undefined : (JSON.parse(row.run) as RunFacts),
    scores: row.scores === null ? undefined : (JSON.parse(row.scores) as (number | null)[]),
    createdAt: row.created_at,
  }));
}
