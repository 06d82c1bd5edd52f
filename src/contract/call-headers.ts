/** Headers of ours that a call may bring, whatever its protocol. */
export const CALL_HEADER = {
  /** The call's own name: sent again, it is answered again and not run again. */
  idempotencyKey: 'idempotency-key',
  /** `low`: served when nobody else waits, as evaluations are. */
  priority: 'x-modelyard-priority',
  /** Of a tensor call: calls of one session stay with one revision while traffic is shared. */
  session: 'x-session-id',
  /** Seconds. */
  timeout: 'x-request-timeout',
} as const;
