import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { inThread } from '../../base/thread.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { PairsAnswer } from './comparison-thread.ts';
import { compareEvaluations, type Comparison } from './comparison.ts';
import { badExamples, evaluationNotFound, tooCostly } from './errors.ts';
import { type GateSubject, type GateVerdict, verdictOf } from './gate.ts';
import type { Examples, Report } from './model.ts';
import type { ReportAnswer, ReportTask } from './report-thread.ts';
import type { RunFacts } from './run-model.ts';
import { insertEvaluation, listEvaluations, type StoredEvaluation } from './store.ts';

const REPORT_MS_MAX = 60_000;
const REPORT_HEAP_MIB_MAX = 512;
const GATE_REPORTS_MAX = 200;

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

/** What a run has found. */
export interface RunOutcome {
  readonly orgId: string;
  readonly examples: Examples;
  readonly run: RunFacts;
  readonly scores: readonly (number | null)[];
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
    const digests = { examplesDigest: digestOf(truthOf(examples)), digest: digestOf({ model, examples, report }) };
    return this.#keep({ orgId, model, ...digests, report, correct: correctOf(examples), run: undefined, scores: undefined });
  }

  /** The report of a run. Its digest is of what was asked and found, not of when, by which revision and how fast. */
  async conclude({ orgId, examples, run, scores }: RunOutcome): Promise<StoredEvaluation> {
    const { dataset, settings, versions, failed } = run;
    const report = await this.#report({ examples, seed: settings.seed });
    const model = versions.map((version) => `${version.model}:${version.version}`).join(' + ');
    const failures = { count: failed.count, listed: failed.listed.map(({ line, code }) => ({ line, code })) };
    const digest = digestOf({ versions: versions.map((version) => version.digest), dataset: dataset.digest, settings, report, failed: failures });
    const examplesDigest = digestOf({ dataset: dataset.digest, task: settings.task, examples: dataset.examples });
    return this.#keep({ orgId, model, digest, examplesDigest, report, correct: undefined, run, scores });
  }

  /** The report of a run; undefined while there is none. */
  async ofRun(run: string): Promise<StoredEvaluation | undefined> {
    return (await listEvaluations(this.#db, { run }, 1))[0];
  }

  list({ orgId, scopes }: Evaluator, model: string | undefined, rowsMax: number): Promise<StoredEvaluation[]> {
    return listEvaluations(this.#db, { orgId: scopes.includes('operator') ? undefined : orgId, model }, rowsMax);
  }

  async get({ orgId, scopes }: Evaluator, id: string): Promise<StoredEvaluation> {
    const [found] = await listEvaluations(this.#db, { id, orgId: scopes.includes('operator') ? undefined : orgId }, 1);
    if (!found) throw evaluationNotFound(id);
    return found;
  }

  /** Whether two differ on the same examples. @throws Fault when the examples are not the same, or their answers are not kept */
  async compare(evaluator: Evaluator, firstId: string, secondId: string): Promise<Comparison> {
    return compareEvaluations(await this.get(evaluator, firstId), await this.get(evaluator, secondId), (task) => this.#inThread<PairsAnswer>('./comparison-thread.ts', task));
  }

  /**
   * Whether a model version may be promoted: by its newest report that this server measured itself, or by the one that is named. Without such a report
   * no condition is met. @throws Fault for a text that is no condition, and for a named report that is not there
   */
  async gateMet(subject: GateSubject, conditions: readonly string[]): Promise<GateVerdict> {
    const { orgId, reportId, model, version } = subject;
    const reports =
      reportId === undefined ? await listEvaluations(this.#db, { orgId, model: `${model}:${version}`, runsOnly: true }, GATE_REPORTS_MAX) : [await this.#named(orgId, reportId)];
    return verdictOf(subject, conditions, reports);
  }

  #named(orgId: string, id: string): Promise<StoredEvaluation> {
    return this.get({ orgId, scopes: [] }, id);
  }

  async #keep(made: Omit<StoredEvaluation, 'id' | 'createdAt'>): Promise<StoredEvaluation> {
    const createdAt = this.#clock.now();
    const evaluation: StoredEvaluation = { ...made, id: newId('eval', createdAt), createdAt };
    await insertEvaluation(this.#db, evaluation);
    return evaluation;
  }

  /** In a thread of its own: 20,000 texts take five seconds. */
  async #report(task: ReportTask): Promise<Report> {
    const answer = await this.#inThread<ReportAnswer>('./report-thread.ts', task);
    if ('problem' in answer) throw badExamples(answer.problem);
    return answer.report;
  }

  #inThread<Answer>(module: string, data: unknown): Promise<Answer> {
    const limits = { msMax: REPORT_MS_MAX, heapMibMax: REPORT_HEAP_MIB_MAX, tooCostly: tooCostly() };
    return inThread<Answer>(new URL(module, import.meta.url), { data, ...limits, clock: this.#clock });
  }
}

/** What was expected, without what was answered. */
function truthOf(examples: Examples): unknown {
  switch (examples.task) {
    case 'classification':
    case 'regression':
    case 'embedding':
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
