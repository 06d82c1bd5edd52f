import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { inThread } from '../../base/thread.ts';
import { invalid } from '../../contract/errors.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import { badExamples, evaluationNotFound, tooCostly } from './errors.ts';
import { mcNemar, type McNemar } from './metrics/index.ts';
import type { Examples, Report } from './model.ts';
import type { ReportAnswer, ReportTask } from './report-thread.ts';
import { insertEvaluation, listEvaluations, type StoredEvaluation } from './store.ts';

const REPORT_MS_MAX = 60_000;
const REPORT_HEAP_MIB_MAX = 512;

export interface Evaluator {
  readonly orgId: string;
  readonly scopes: readonly Scope[];
}

export interface EvaluationOrder {
  /** `org/name:VERSION`, or whatever the answers came from. */
  readonly model: string;
  readonly seed: number;
  readonly examples: Examples;
}

/** Makes reports, keeps them, and compares two that measured the same examples. */
export class Evaluation {
  readonly #db: Db;
  readonly #clock: Clock;

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @throws Fault `bad_examples` that says what and where */
  async evaluate({ orgId }: Evaluator, { model, seed, examples }: EvaluationOrder): Promise<StoredEvaluation> {
    const report = await this.#report({ examples, seed });
    const createdAt = this.#clock.now();
    const examplesDigest = digestOf(truthOf(examples));
    const digest = digestOf({ model, examples, report });
    const evaluation: StoredEvaluation = { id: newId('eval', createdAt), orgId, model, digest, examplesDigest, report, correct: correctOf(examples), createdAt };
    await insertEvaluation(this.#db, evaluation);
    return evaluation;
  }

  /** In a thread of its own: 20,000 texts take five seconds. */
  async #report(task: ReportTask): Promise<Report> {
    const answer = await inThread<ReportAnswer>(new URL('./report-thread.ts', import.meta.url), {
      data: task,
      msMax: REPORT_MS_MAX,
      heapMibMax: REPORT_HEAP_MIB_MAX,
      tooCostly: tooCostly(),
      clock: this.#clock,
    });
    if ('problem' in answer) throw badExamples(answer.problem);
    return answer.report;
  }

  list({ orgId, scopes }: Evaluator, model: string | undefined, rowsMax: number): Promise<StoredEvaluation[]> {
    return listEvaluations(this.#db, { orgId: scopes.includes('operator') ? undefined : orgId, model }, rowsMax);
  }

  async get({ orgId, scopes }: Evaluator, id: string): Promise<StoredEvaluation> {
    const [found] = await listEvaluations(this.#db, { id, orgId: scopes.includes('operator') ? undefined : orgId }, 1);
    if (!found) throw evaluationNotFound(id);
    return found;
  }

  /** Whether two classifiers differ on the same examples. @throws Fault when the examples are not the same, or not classified */
  async compare(evaluator: Evaluator, firstId: string, secondId: string): Promise<McNemar> {
    const [first, second] = [await this.get(evaluator, firstId), await this.get(evaluator, secondId)];
    if (!first.correct || !second.correct) throw invalid('Only classifications are compared so far.', 'with');
    if (first.examplesDigest !== second.examplesDigest) throw invalid('The two evaluations did not measure the same examples, so they can not be compared pair by pair.', 'with');
    return mcNemar(first.correct, second.correct);
  }
}

/** What was expected, without what was answered. */
function truthOf(examples: Examples): unknown {
  switch (examples.task) {
    case 'classification':
    case 'regression':
      return examples.actual;
    case 'ranking':
      return examples.queries.map(({ relevance }) => relevance);
    case 'generation':
      return examples.references;
    case 'code':
      return examples.problems.map(({ samples }) => samples);
  }
}

function correctOf(examples: Examples): readonly boolean[] | undefined {
  return examples.task === 'classification' ? examples.actual.map((label, row) => label === examples.predicted[row]) : undefined;
}

function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(value)).digest('hex')}`;
}
