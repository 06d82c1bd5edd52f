import type { ServerResponse } from 'node:http';
import { ENGINE_HEADER, type EngineUsage } from '../../contract/engine-wire.ts';
import { Fault, httpStatus, type FaultKind } from '../../contract/errors.ts';
import type { WireContext } from './context.ts';

/** Sends one JSON answer whole; head and body leave in one write. */
export function sendJson(response: ServerResponse, status: number, value: unknown, usage?: EngineUsage): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(usage && { [ENGINE_HEADER.usage]: JSON.stringify(usage) }),
  });
  response.end(body);
}

const ERROR_TYPE: Partial<Record<FaultKind, string>> = {
  unauthenticated: 'authentication_error',
  permission_denied: 'permission_error',
  not_found: 'not_found_error',
  rate_limited: 'rate_limit_error',
};

/** OpenAI's error object; all four keys are always there. */
export function errorObject(fault: Fault): { error: { message: string; type: string; param: string | null; code: string } } {
  const type = ERROR_TYPE[fault.kind] ?? (httpStatus(fault.kind) >= 500 ? 'server_error' : 'invalid_request_error');
  return { error: { message: fault.message, type, param: fault.param ?? null, code: fault.code } };
}

export function sendFault(response: ServerResponse, fault: Fault, usage?: EngineUsage): void {
  if (fault.retryAfterSeconds !== undefined) response.setHeader('retry-after', fault.retryAfterSeconds);
  sendJson(response, httpStatus(fault.kind), errorObject(fault), usage);
}

/** Why a call that was cut short ends: its deadline's Fault, or a cancel. */
export function cutFault({ signal }: WireContext): Fault {
  return signal.reason instanceof Fault ? signal.reason : new Fault('cancelled', 'cancelled', 'The call was cancelled.');
}

/** OpenAI's usage object. */
export function usageObject({ promptTokens, cachedTokens, completionTokens }: EngineUsage): Record<string, unknown> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
