/**
 * The kinds of failure that every part of Modelyard speaks of, in the manner of gRPC's status codes.
 * A protocol maps kinds to its own wire; nobody maps codes, so a new code needs no change in any protocol.
 */
export type FaultKind =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'payment_required'
  | 'permission_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'unprocessable'
  | 'rate_limited'
  | 'cancelled'
  | 'internal'
  | 'bad_upstream'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'insufficient_storage';

export interface FaultDetails {
  /** The input field at fault, in the caller's own notation: `messages[2].content`. */
  readonly param?: string;
  /** Seconds after which the same call may succeed. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An expected failure: a kind for machines, a code for programs, a sentence for people. Carries nothing secret. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  readonly code: string;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: FaultKind, code: string, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** The usual case: the caller sent something that is not accepted. `param` names the field. */
export function invalid(message: string, param?: string, code = 'invalid_value'): Fault {
  return new Fault('invalid_argument', code, message, param === undefined ? {} : { param });
}

/** Anything thrown, as a Fault. An unexpected error keeps its text as the cause only: it never reaches a client (X35). */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('internal', 'internal_error', 'The server failed to handle this request.', { cause: error });
}

const HTTP_STATUS: Readonly<Record<FaultKind, number>> = {
  invalid_argument: 400,
  unauthenticated: 401,
  payment_required: 402,
  permission_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  rate_limited: 429,
  cancelled: 499,
  internal: 500,
  bad_upstream: 502,
  unavailable: 503,
  deadline_exceeded: 504,
  insufficient_storage: 507,
};

/** The HTTP status of a kind, for the protocols that ride on HTTP. */
export function httpStatus(kind: FaultKind): number {
  return HTTP_STATUS[kind];
}
