import type { UsageRecord } from '../contract/usage.ts';

/** Whether a call failed by the server's or an engine's fault: an answer of the 4xx kind is the client's own. */
export function isServerFault({ status, httpStatus }: Pick<UsageRecord, 'status' | 'httpStatus'>): boolean {
  return status === 'failed' && !(httpStatus >= 400 && httpStatus < 500);
}
