/** One record per admitted call: what the usage log keeps and the database is told. Counts are whole numbers >= 0. */
export interface UsageRecord {
  readonly requestId: string;
  /** Milliseconds since 1970, at admission. */
  readonly startedAt: number;
  readonly orgId: string;
  readonly keyId: string;
  readonly deployment: string;
  readonly revision: string;
  readonly model: string;
  readonly version: number;
  readonly operation: string;
  /** `ok`: the client was sent a whole answer; `cancelled`: it left; `failed`: it was sent an error. */
  readonly status: 'ok' | 'cancelled' | 'failed';
  readonly httpStatus: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly rows: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The counts are this gateway's own estimate, because the upstream gave none. */
  readonly estimated: boolean;
  readonly attempts: number;
  readonly durationMs: number;
  /** Milliseconds from the call's arrival to the end of each stage. */
  readonly stages: Readonly<Record<string, number>>;
  /** The contract, the version of the price, and the lease of credit or quota that it is settled against; empty: an unpriced call. */
  readonly subscription: string;
  readonly priceVersion: string;
  readonly lease: string;
}
