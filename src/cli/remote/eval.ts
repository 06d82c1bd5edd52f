import type { Command } from 'commander';
import type { BodyOf, ResultOf } from '@modelyard/sdk';
import { foregroundWait, systemClock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { parseCondition } from '../../contract/gate.ts';
import { progressLine } from '../terminal.ts';
import { sendDataset } from './eval-data.ts';
import { comparisonLines, reportText, verdictLines } from './evaluation-view.ts';
import { defined, wholeNumber, wholeOrZero } from './flags.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const POLL_MS = 300;
/** A server that restarts is waited for so long. */
const AWAY_MS_MAX = 120_000;
const TASKS = ['classification', 'generation', 'embedding', 'regression'] as const;

const HELP = `
Tasks and the fields of their examples:
  classification  label; and text, base64, image or file (a path), input,
                  inputs (OIP tensors), or else one number a field
  generation      references (a list) or reference; and what the template
                  names, prompt unless told otherwise
  embedding       a, b and score: two texts, and how alike they are
  regression      target; inputs as for classification

Examples:
  modelyard eval all-minilm-l6-v2 --task embedding --data pairs.csv
  modelyard eval magika --task classification --data files.jsonl \\
    --gate "f1_macro>=0.85" "failed<=0"
  modelyard eval smollm2-135m-instruct --task generation --data qa.jsonl \\
    --template "{{question}}" --max-tokens 40
  modelyard eval acme/iris:2 --task classification --data iris.csv \\
    --compare eval_1fw…
  modelyard eval acme/iris:2 --resume job_1fw…

Exit code 1 when a gate is not met.`;

interface EvalFlags {
  readonly data?: string;
  readonly task?: (typeof TASKS)[number];
  readonly template?: string;
  readonly system?: string;
  readonly maxTokens?: number;
  readonly choices?: string[];
  readonly classes?: string[];
  readonly input?: string;
  readonly output?: string;
  readonly seed: number;
  readonly limit?: number;
  readonly concurrency?: number;
  readonly maxFailures?: number;
  readonly gate?: readonly string[];
  readonly compare?: string;
  readonly resume?: string;
  readonly cancel?: string;
}

type Run = ResultOf<'get', '/api/v1/evaluations/runs/{job}'>;

/** `modelyard eval NAME` */
export function addEval(program: Command): void {
  remoteOptions(program.command('eval'))
    .description('run a dataset through a model and measure its answers')
    .argument('<name>', 'a deployment, or NAME:VERSION of one')
    .option('--data <file>', 'the dataset: .jsonl, or .csv with a header')
    .option('--task <task>', TASKS.join(', '), taskNamed)
    .option('--template <text>', 'the prompt; {{field}} is a field of the example')
    .option('--system <text>', 'what the model is told beforehand')
    .option('--max-tokens <number>', 'longest answer', wholeNumber)
    .option('--choices <labels...>', "the labels a text model may answer; the dataset's otherwise")
    .option('--classes <labels...>', "names of a score tensor's columns")
    .option('--input <tensor>', 'the tensor to fill; the first otherwise')
    .option('--output <tensor>', 'the tensor that answers')
    .option('--seed <number>', 'of sampling and of the intervals', wholeOrZero, 0)
    .option('--limit <number>', 'only the first so many examples', wholeNumber)
    .option('--concurrency <number>', 'calls at a time; 4 otherwise', wholeNumber)
    .option('--max-failures <share>', 'fail when more examples do; 0.05 otherwise', shareNamed)
    .option('--gate <conditions...>', 'what the report must show, such as "f1_macro>=0.85"')
    .option('--compare <report>', 'compare with an earlier report on the same data')
    .option('--resume <job>', 'watch a run again, or go on with one that failed')
    .option('--cancel <job>', 'end a run; --resume goes on with it later')
    .addHelpText('after', HELP)
    .action(withSession(evaluate));
}

function taskNamed(text: string): string {
  if ((TASKS as readonly string[]).includes(text)) return text;
  throw new Fault('invalid_argument', 'bad_task', `"${text}" is no task; there are ${TASKS.join(', ')}.`);
}

function shareNamed(text: string): number {
  const share = /^\d(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (share >= 0 && share <= 1) return share;
  throw new Fault('invalid_argument', 'bad_share', `"${text}" is not a share from 0 to 1.`);
}

async function evaluate(session: Session, name: string, flags: EvalFlags): Promise<void> {
  const { api, print, columns } = session;
  if (flags.cancel !== undefined) return cancel(session, flags.cancel);
  const gate = flags.gate ?? [];
  // What is written wrongly is said before a thousand calls are made.
  for (const condition of gate) parseCondition(condition);
  if (flags.compare !== undefined) await api.get('/api/v1/evaluations/{id}', { params: { id: flags.compare } });
  const job = flags.resume === undefined ? await start(session, name, flags) : await goOn(session, name, flags);
  const id = await watch(session, name, job);
  const params = { id };
  const report = await api.get('/api/v1/evaluations/{id}', { params });
  // The report is printed also where the two can't be compared.
  const comparison =
    flags.compare === undefined ? undefined : await api.get('/api/v1/evaluations/{id}/compare', { params, query: { with: flags.compare } }).catch((error: Error) => error);
  const compared = comparison instanceof Error ? undefined : comparison;
  const verdict = gate.length === 0 ? undefined : await api.post('/api/v1/evaluations/{id}/gate', { params, body: { conditions: [...gate] } });
  print({ report, ...(compared && { comparison: compared }), ...(verdict && { gate: verdict }) }, () =>
    [reportText(report, columns), ...(compared ? ['', ...comparisonLines(compared, flags.compare ?? '')] : []), ...(verdict ? ['', ...verdictLines(verdict)] : [])].join('\n'),
  );
  if (comparison instanceof Error) throw comparison;
  if (verdict && !verdict.met) throw new Fault('unprocessable', 'gate_not_met', `The gate is not met: ${verdict.reason}`);
}

async function cancel({ api, print }: Session, job: string): Promise<void> {
  print(await api.post('/api/v1/evaluations/runs/{job}/cancel', { params: { job } }), ({ id, progress }) => `${id} is cancelled (${progress}).`);
}

async function start(session: Session, deployment: string, flags: EvalFlags): Promise<string> {
  const { data, task, seed, template, system, maxTokens, choices, classes, input, output, limit, concurrency, maxFailures } = flags;
  if (data === undefined || task === undefined) {
    const missing = data === undefined ? '--data FILE' : `--task ${TASKS.join('|')}`;
    throw new Fault('invalid_argument', 'missing_option', `${missing} is needed: which examples the model is asked, and how its answers are measured (see --help).`);
  }
  const { digest } = await sendDataset(session, data);
  const body: BodyOf<'post', '/api/v1/evaluations/runs'> = {
    deployment,
    dataset: digest,
    task,
    seed,
    ...defined({ template, system, maxTokens, choices, classes, input, output, limit, concurrency, maxFailures }),
  };
  return (await session.api.post('/api/v1/evaluations/runs', { body })).id;
}

/** A run that still goes on is watched again; one that failed is tried again with what it has. */
async function goOn(session: Session, name: string, { resume = '', data }: EvalFlags): Promise<string> {
  const { api } = session;
  const params = { job: resume };
  const { job } = await api.get('/api/v1/evaluations/runs/{job}', { params });
  const { deployment } = job.input as { deployment: string };
  if (deployment !== name) throw new Fault('invalid_argument', 'other_run', `The job ${resume} evaluates "${deployment}", not "${name}".`);
  if (job.state !== 'failed') return job.id;
  if (data !== undefined) await sendDataset(session, data);
  return (await api.post('/api/v1/evaluations/runs/{job}/resume', { params })).id;
}

/** Shows how far it is until there is a report; returns its id. A server that restarts meanwhile is waited for: the run goes on. */
async function watch(session: Session, name: string, job: string): Promise<string> {
  process.stderr.write(`${job} runs on the server; --resume watches it again\n`);
  const line = progressLine(process.stderr);
  const began = systemClock.monotonic();
  let first: number | undefined;
  let seen = began;
  for (;;) {
    const run = await look(session, job);
    const now = systemClock.monotonic();
    if (run) {
      seen = now;
      first ??= run.ended;
      if (run.evaluation !== null && run.job.state !== 'failed') {
        line.done(`✓ ${name}: ${run.examples} examples, ${run.failed} failed, ${durationText(now - began)}`);
        return run.evaluation;
      }
      if (run.job.state === 'failed') {
        throw new Fault('unprocessable', run.job.errorCode ?? 'run_failed', `${run.job.error ?? 'The run has failed.'} Go on with: modelyard eval ${name} --resume ${job}`);
      }
      line.update(`${name}: ${progressText(run, first, now - began)}`);
    } else {
      if (now - seen > AWAY_MS_MAX) throw new Fault('unavailable', 'unreachable', `The server went away. The run goes on when it is back: modelyard eval ${name} --resume ${job}`);
      line.update(`${name}: the server is away; ${job} goes on when it is back`);
    }
    await foregroundWait(POLL_MS);
  }
}

/** Undefined while the server can't be reached, or is stopping. */
async function look({ api }: Session, job: string): Promise<Run | undefined> {
  try {
    return await api.get('/api/v1/evaluations/runs/{job}', { params: { job } });
  } catch (error) {
    const { code, status } = error as { code?: string; status?: number };
    if (code === 'unreachable' || status === 503) return undefined;
    throw error;
  }
}

function progressText({ examples, ended, failed }: Run, first: number, ms: number): string {
  const rate = (ended - first) / (ms / 1_000);
  const left = rate > 0 ? `, ${rate.toFixed(1)}/s, ${durationText(((examples - ended) / rate) * 1_000)} left` : '';
  return `${ended} of ${examples} examples${failed > 0 ? `, ${failed} failed` : ''}${left}`;
}

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
