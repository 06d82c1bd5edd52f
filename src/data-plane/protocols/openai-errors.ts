import { type Fault, type FaultKind, httpStatus } from '../../contract/errors.ts';
import type { FaultEncoder } from '../call.ts';

const TYPES: Partial<Record<FaultKind, string>> = {
  unauthenticated: 'authentication_error',
  permission_denied: 'permission_error',
  payment_required: 'insufficient_quota',
  rate_limited: 'rate_limit_error',
  internal: 'server_error',
  bad_upstream: 'server_error',
  unavailable: 'server_error',
  deadline_exceeded: 'server_error',
  insufficient_storage: 'server_error',
};

/** OpenAI's error object; all four keys are always there. */
function errorBody({ kind, message, param, code }: Fault): string {
  return JSON.stringify({ error: { message, type: TYPES[kind] ?? 'invalid_request_error', param: param ?? null, code } });
}

export const openaiFaults: FaultEncoder = {
  answer: (fault) => ({ status: httpStatus(fault.kind), headers: faultHeaders(fault), body: errorBody(fault) }),
  midStream: (fault) => `data: ${errorBody(fault)}\n\n`,
};

/** Headers that every protocol's error answer has. */
export function faultHeaders({ kind, retryAfterSeconds }: Fault): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
    ...(kind === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
    ...(kind === 'unsupported_media_type' && { 'accept-encoding': 'gzip, deflate' }),
  };
}
