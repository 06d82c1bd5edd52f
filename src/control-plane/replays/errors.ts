import { Fault } from '../../contract/errors.ts';

const IN_PROGRESS_RETRY_SECONDS = 1;
const UNAVAILABLE_RETRY_SECONDS = 5;

export const keyReused = () =>
  new Fault('unprocessable', 'idempotency_key_reused', 'This Idempotency-Key was sent before with another request; a key belongs to one path and body.', {
    param: 'idempotency-key',
  });
export const inProgress = () =>
  new Fault('conflict', 'idempotency_in_progress', 'The first call with this Idempotency-Key is still running; repeat this one later.', {
    retryAfterSeconds: IN_PROGRESS_RETRY_SECONDS,
  });
export const resultLost = (requestId: string) =>
  new Fault(
    'conflict',
    'idempotency_result_lost',
    `The first call with this Idempotency-Key (${requestId}) was cut short after it had cost something; another try needs another key.`,
  );
export const resultTooLarge = (requestId: string) =>
  new Fault(
    'conflict',
    'idempotency_result_too_large',
    `The first call with this Idempotency-Key (${requestId}) was answered, with more than is kept for repeats; another try needs another key.`,
  );
export const replaysUnavailable = (cause: unknown) =>
  new Fault('unavailable', 'idempotency_unavailable', 'Idempotency keys can not be looked up at the moment, and so a call with one is not run.', {
    cause,
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  });
