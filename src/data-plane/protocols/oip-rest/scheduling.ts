import { invalid } from '../../../contract/errors.ts';
import type { InferRequest } from '../../../contract/oip-binary.ts';

const MICROSECONDS_PER_MS = 1_000;

/** A request without what is meant for the server's schedule and not for the model, and how long the caller wants to wait. */
export interface Unscheduled {
  readonly request: InferRequest;
  /** Milliseconds from the call's arrival. */
  readonly timeoutMs: number | undefined;
}

/**
 * Takes Triton's scheduling parameters out, so that calls which differ in them only can be joined. `timeout` (microseconds) is the call's deadline; `priority`
 * means nothing where a model has no levels of it, as in Triton. @throws Fault for sequences: calls are independent here, and go to any replica
 */
export function withoutScheduling(request: InferRequest): Unscheduled {
  if (!request.parameters) return { request, timeoutMs: undefined };
  const { parameters: all, ...bare } = request;
  const { priority, timeout, sequence_id: sequence, sequence_start: start, sequence_end: end, ...parameters } = all;
  if ((sequence ?? 0) !== 0 || start === true || end === true) {
    throw invalid('parameters.sequence_id is not supported: calls of a sequence may go to different replicas.', 'parameters.sequence_id');
  }
  wholeNumber(priority, 'priority');
  const microseconds = wholeNumber(timeout, 'timeout');
  return {
    request: Object.keys(parameters).length > 0 ? { ...bare, parameters } : bare,
    timeoutMs: microseconds > 0 ? microseconds / MICROSECONDS_PER_MS : undefined,
  };
}

function wholeNumber(value: unknown, name: string): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`parameters.${name} must be a whole number from 0.`, `parameters.${name}`);
}
