import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { Job, Jobs, Report } from '../jobs/index.ts';
import { alreadyResumed, datasetNotFound, noInference, notARun, stillRunning } from './errors.ts';
import { quantile } from './metrics/index.ts';
import type { EvaluationTarget, Gateway, RevisionFacts } from './ports.ts';
import { CONCURRENCY_DEFAULT, FAILURES_LISTED_MAX, FAILURES_SHARE_DEFAULT, type RunFacts, type RunInput, type RunOrder } from './run-model.ts';
import * as store from './run-store.ts';
import { type DatasetFormat, datasetDigest, datasetText, nextTurn, readDataset, type Row, ROWS_AT_A_TIME } from './run/dataset.ts';
import { type Answered, outcomeOf } from './run/outcome.ts';
import { checkTruth, type Plan, planOf } from './run/plan.ts';
import { Runner } from './run/runner.ts';
import type { RunSettings } from './run/settings.ts';
import type { Evaluation, Evaluator } from './service.ts';

const KIND = 'evaluation';

export interface EvaluationRunsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly evaluation: Evaluation;
  readonly gateway: Gateway;
}

/** How far a run is. */
export interface RunView {
  readonly job: Job;
  readonly examples: number;
  readonly ended: number;
  readonly failed: number;
  /** Of the report, when there is one. */
  readonly evaluation: string | undefined;
}

interface Prepared {
  readonly dataset: store.StoredDataset;
  readonly rows: readonly Row[];
  readonly target: EvaluationTarget;
  readonly plan: Plan;
}

/** Runs datasets through deployments: durable jobs that keep each answer, so that no example that has one is called again. */
export class EvaluationRuns {
  readonly #options: EvaluationRunsOptions;
  /** Runs that a job works on: two would call the same examples. */
  readonly #going = new Set<string>();

  constructor(options: EvaluationRunsOptions) {
    this.#options = options;
    options.jobs.resumable(KIND, async (job, report, signal) => {
      const { run } = job.input as RunInput;
      this.#going.add(run);
      return this.#work(job, report, signal).finally(() => this.#going.delete(run));
    });
  }

  /** Takes a dataset, by its bytes' digest. @throws Fault `bad_dataset` that names the line */
  async putDataset({ orgId }: Evaluator, bytes: Uint8Array, format: DatasetFormat): Promise<Omit<store.StoredDataset, 'content'>> {
    const content = datasetText(bytes);
    const dataset = { orgId, digest: datasetDigest(bytes), format, examples: (await readDataset(content, format)).length, bytes: bytes.length };
    await store.upsertDataset(this.#options.db, { ...dataset, content }, this.#options.clock.now());
    return dataset;
  }

  /** What can be said to be wrong is said here, not by the job. @throws Fault that names the line, the field or the tensor */
  async start({ orgId, keyId, scopes }: CallerEntry, order: RunOrder): Promise<Job> {
    const { clock } = this.#options;
    if (!scopes.includes('inference')) throw noInference();
    const input: RunInput = { ...order, run: newId('run', clock.now()), keyId };
    await this.#check(orgId, input);
    return this.#begin(orgId, input);
  }

  /** Goes on with a run whose job has failed, by the key that asks now: what has an answer keeps it, what failed is tried again. */
  async resume(caller: CallerEntry, id: string): Promise<Job> {
    const { db } = this.#options;
    if (!caller.scopes.includes('inference')) throw noInference();
    const job = await this.#job(caller, id);
    if (job.state !== 'failed') throw stillRunning(id);
    const input: RunInput = { ...(job.input as RunInput), keyId: caller.keyId };
    if (this.#going.has(input.run)) throw alreadyResumed(id);
    this.#going.add(input.run);
    try {
      await this.#check(job.orgId, input);
      await store.forgetFailures(db, input.run);
      return await this.#begin(job.orgId, input);
    } catch (error) {
      this.#going.delete(input.run);
      throw error;
    }
  }

  #begin(orgId: string, input: RunInput): Promise<Job> {
    return this.#options.jobs.start({ orgId, kind: KIND, input });
  }

  /** Ends a run; it can be gone on with later. Calls under way are let end for some seconds. */
  async cancel(evaluator: Evaluator, id: string): Promise<Job> {
    await this.#job(evaluator, id);
    return this.#options.jobs.cancel(evaluator, id);
  }

  async view(evaluator: Evaluator, id: string): Promise<RunView> {
    const { db, evaluation } = this.#options;
    const job = await this.#job(evaluator, id);
    const input = job.input as RunInput;
    const made = await evaluation.ofRun(input.run);
    if (made?.run) {
      const { dataset, failed } = made.run;
      return { job, examples: dataset.examples, ended: dataset.examples, failed: failed.count, evaluation: made.id };
    }
    const dataset = await store.findDataset(db, { orgId: job.orgId, digest: input.dataset });
    const examples = Math.min(dataset?.examples ?? 0, input.limit ?? Infinity);
    return { job, examples, ...(await store.countAnswers(db, input.run)), evaluation: undefined };
  }

  async #job(evaluator: Evaluator, id: string): Promise<Job> {
    const job = await this.#options.jobs.get(evaluator, id);
    if (job.kind !== KIND) throw notARun(id);
    return job;
  }

  async #check(orgId: string, input: RunInput): Promise<void> {
    using session = this.#options.gateway.open(input.keyId);
    await this.#prepare(orgId, input, session.target(input.deployment));
  }

  /** @throws Fault for a dataset that is gone, and for the first line that can't be asked or has no truth */
  async #prepare(orgId: string, input: RunInput, target: EvaluationTarget): Promise<Prepared> {
    const { db, clock } = this.#options;
    const dataset = await store.useDataset(db, { orgId, digest: input.dataset }, clock.now());
    if (!dataset) throw datasetNotFound(input.dataset);
    const rows = (await readDataset(dataset.content, dataset.format)).slice(0, input.limit);
    const plan = planOf(input.deployment, target, input, rows);
    for (const [index, row] of rows.entries()) {
      checkTruth(input.task, row);
      plan.request(row);
      if (index % ROWS_AT_A_TIME === 0) await nextTurn();
    }
    return { dataset, rows, target, plan };
  }

  async #work({ orgId, input: anything }: Job, report: Report, signal: AbortSignal): Promise<unknown> {
    const { db, clock, gateway, evaluation } = this.#options;
    const input = anything as RunInput;
    // The report may have been written just before the stop.
    const before = await evaluation.ofRun(input.run);
    if (before) return { evaluation: before.id };
    await store.sweepAnswers(db, clock.now());
    using session = gateway.open(input.keyId);
    const prepared = await this.#prepare(orgId, input, session.target(input.deployment));
    const { rows, plan } = prepared;
    const progressed = (ended: number, failed: number) => report(`${ended} of ${rows.length} examples${failed > 0 ? `, ${failed} failed` : ''}`);
    const runner = new Runner(
      {
        clock,
        session,
        reference: input.deployment,
        plan,
        rows,
        concurrency: input.concurrency ?? CONCURRENCY_DEFAULT,
        failuresMax: Math.floor((input.maxFailures ?? FAILURES_SHARE_DEFAULT) * rows.length),
        keep: (answers) => store.insertAnswers(db, input.run, answers, clock.now()),
        progressed,
      },
      await store.listAnswers(db, input.run),
    );
    const answers = await runner.run(signal);
    report('computing the report');
    const made = await this.#conclude(orgId, input, { ...prepared, target: session.target(input.deployment) }, answers);
    return { evaluation: made.id };
  }

  #conclude(orgId: string, input: RunInput, { dataset, rows, target }: Prepared, answers: ReadonlyMap<number, store.Answer>) {
    const answered: Answered[] = [];
    const failed: RunFacts['failed']['listed'][number][] = [];
    for (const [index, row] of rows.entries()) {
      const answer = answers.get(index);
      if (answer && 'prediction' in answer) answered.push({ index, row, prediction: answer.prediction });
      else failed.push({ line: row.line, ...(answer?.failed ?? { code: 'not_called', message: '' }) });
    }
    const settings = settingsOf(input);
    const { examples, scores } = outcomeOf(settings, answered);
    const given = [...answers.values()].filter((answer) => 'prediction' in answer);
    const revisions = revisionsOf(given, target.revisions);
    const ms = given.map((answer) => answer.ms);
    const run: RunFacts = {
      id: input.run,
      deployment: input.deployment,
      dataset: { digest: dataset.digest, format: dataset.format, examples: rows.length },
      settings,
      versions: versionsOf(revisions),
      revisions,
      failed: { count: failed.length, listed: failed.slice(0, FAILURES_LISTED_MAX) },
      latencyMs: { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) },
      tokens: { prompt: total(given, 'promptTokens'), completion: total(given, 'completionTokens') },
    };
    const perExample = Array.from<number | null>({ length: rows.length }).fill(null);
    for (const [at, { index }] of answered.entries()) perExample[index] = scores[at] ?? null;
    return this.#options.evaluation.conclude({ orgId, examples, run, scores: perExample });
  }
}

/** What decides the report, and nothing else of the order. */
function settingsOf({ task, seed, limit, template, system, maxTokens, choices, input, output, classes }: RunSettings): RunSettings {
  return {
    task,
    seed,
    ...(limit !== undefined && { limit }),
    ...(template !== undefined && { template }),
    ...(system !== undefined && { system }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(choices !== undefined && { choices }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(classes !== undefined && { classes }),
  };
}

type Given = Extract<store.Answer, { prediction: unknown }>;

function revisionsOf(given: readonly Given[], known: readonly RevisionFacts[]): RunFacts['revisions'] {
  const counts = new Map<string, number>();
  for (const { revision } of given) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  return [...counts]
    .map(([id, answers]) => ({ ...(known.find((one) => one.id === id) ?? { id, model: 'unknown', version: 0, digest: '' }), answers }))
    .toSorted((a, b) => b.answers - a.answers);
}

function versionsOf(revisions: RunFacts['revisions']): RunFacts['versions'] {
  const versions = new Map(revisions.map(({ model, version, digest }) => [`${model}:${version}:${digest}`, { model, version, digest }]));
  return [...versions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, version]) => version);
}

function total(given: readonly Given[], field: 'promptTokens' | 'completionTokens'): number {
  return given.reduce((sum, answer) => sum + answer[field], 0);
}
