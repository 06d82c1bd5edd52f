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
