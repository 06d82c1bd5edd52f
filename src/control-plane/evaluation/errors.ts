import { Fault, invalid } from '../../contract/errors.ts';

/** What a metric refuses is the caller's mistake; the metric says what and where. */
export function badExamples(error: RangeError): Fault {
  return invalid(error.message, 'examples', 'bad_examples');
}

export function evaluationNotFound(id: string): Fault {
  return new Fault('not_found', 'evaluation_not_found', `There is no evaluation "${id}".`);
}
