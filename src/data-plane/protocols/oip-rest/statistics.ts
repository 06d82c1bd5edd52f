import { Fault } from '../../../contract/errors.ts';
import type { ModelFigures, Tally } from '../../../telemetry/model-stats.ts';
import type { Answer, Question } from '../protocol.ts';
import { find, metadata, namedBySuffix } from './discovery.ts';

const NOTHING = { count: 0, ns: 0 };
const NS_PER_MS = 1_000_000;

/**
 * OIP's statistics extension, in Triton's form: of all model versions that are the caller's own, or of one. A gateway knows its own calls only. What nobody
 * measures apart (copying in and out, a response cache) is 0.
 */
export function statistics(question: Question): Answer {
  const { params, owned } = question;
  if (params.model === undefined) {
    const all = owned().flatMap(({ name, revisions }) => versionsOf(revisions).map((version) => statisticsOf(question, name, version)));
    return { status: 200, body: { model_stats: all } };
  }
  const other = namedBySuffix(question, 'stats');
  if (other) return metadata(other);
  const { deployment, revisions } = find(question);
  if (!owned().some(({ name }) => name === deployment.name)) {
    throw new Fault('permission_denied', 'not_your_model', `What calls "${deployment.name}" has had is for its own organisation to see; your key may only call it.`);
  }
  return { status: 200, body: { model_stats: versionsOf(revisions).map((version) => statisticsOf(question, deployment.name, version)) } };
}

function versionsOf(revisions: readonly { readonly version: number }[]): number[] {
  return [...new Set(revisions.map(({ version }) => version))];
}

function statisticsOf({ figures }: Question, name: string, version: number) {
  const { lastCallAt, inferences, executions, success, failure, queue, compute, batches }: ModelFigures = figures(name, version);
  return {
    name,
    version: String(version),
    last_inference: lastCallAt,
    inference_count: inferences,
    execution_count: executions,
    inference_stats: {
      success: inNanoseconds(success),
      fail: inNanoseconds(failure),
      queue: inNanoseconds(queue),
      compute_input: NOTHING,
      compute_infer: inNanoseconds(compute),
      compute_output: NOTHING,
      cache_hit: NOTHING,
      cache_miss: NOTHING,
    },
    batch_stats: batches.map(({ rows, compute: time }) => ({ batch_size: rows, compute_input: NOTHING, compute_infer: inNanoseconds(time), compute_output: NOTHING })),
    memory_usage: [],
  };
}

function inNanoseconds({ count, ms }: Tally) {
  return { count, ns: Math.round(ms * NS_PER_MS) };
}
