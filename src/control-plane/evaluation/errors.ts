import { Fault, invalid } from '../../contract/errors.ts';

/** What a metric refuses is the caller's mistake; the metric says what and where. */
export function badExamples(problem: string): Fault {
  return invalid(problem, 'examples', 'bad_examples');
}

export function tooCostly(): Fault {
  return invalid('These examples take more time or memory to measure than is accepted; send fewer, or shorter ones.', 'examples', 'examples_too_costly');
}

export function evaluationNotFound(id: string): Fault {
  return new Fault('not_found', 'evaluation_not_found', `There is no evaluation "${id}".`);
}

export function datasetNotFound(digest: string): Fault {
  return new Fault('not_found', 'dataset_not_found', `The dataset ${digest.slice(0, 80)} is not here (any more); send it with POST /api/v1/datasets.`, { param: 'dataset' });
}

export function tooManyFailures(failed: number, examples: number, example: string): Fault {
  const why = example === '' ? '' : ` The newest said: ${example}`;
  return new Fault('unprocessable', 'too_many_failures', `${failed} of ${examples} examples have failed, more than "maxFailures" allows.${why}`);
}

export function notARun(id: string): Fault {
  return new Fault('not_found', 'run_not_found', `The job "${id.slice(0, 64)}" is not an evaluation of this organisation.`);
}

export function stillRunning(id: string): Fault {
  return new Fault('conflict', 'run_not_failed', `The job "${id}" has not failed, so there is nothing to go on with.`);
}

export function alreadyResumed(id: string): Fault {
  return new Fault('conflict', 'run_goes_on', `Another job goes on with the run of the job "${id}" already.`);
}

export function noInference(): Fault {
  return new Fault('permission_denied', 'insufficient_scope', 'An evaluation calls the model with the key that orders it, and this key does not have the scope "inference".');
}
