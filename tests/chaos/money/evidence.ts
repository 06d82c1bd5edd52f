/**
 * What the auditor judges by: rows and lines as they were written by the engine, the clients, the gateways and the database. Nothing here comes from the
 * product's code: a mistake that the product makes twice in the same way would otherwise go unseen.
 */
export interface Evidence {
  /** What engines really did, one entry a run. */
  readonly truth: readonly Run[];
  /** What clients saw, one entry an attempt. */
  readonly clients: readonly Attempt[];
  /** Records that were still in a usage log's segments. */
  readonly segments: readonly UsageRow[];
  readonly receipts: readonly Receipt[];
  readonly book: Book;
}

/** One time that an engine was asked for a call. */
export interface Run {
  readonly id: string;
  /** The first word of what it was asked: the client's name for its call. */
  readonly tag: string;
  /** Undefined: the engine died before it had said what became of it. */
  readonly end: { readonly whole: boolean; readonly promptTokens: number; readonly completionTokens: number } | undefined;
}

/**
 * One attempt of a client. `whole`: all of a good answer; `left`: it left in the middle, on purpose; `cut`: it was sent, and no whole answer came;
 * `refused`: a whole error answer; `unreachable`: nobody took the connection.
 */
export interface Attempt {
  /** The client's name for the call; attempts at the same call share it. */
  readonly call: string;
  readonly outcome: 'whole' | 'left' | 'cut' | 'refused' | 'unreachable';
  readonly status: number;
  /** Of an error answer. */
  readonly code?: string;
  readonly idempotencyKey: string | undefined;
  readonly isReplayed: boolean;
  /** Its contract has a price. */
  readonly isPaid: boolean;
  /** The answer's `x-request-id`, where its head came. */
  readonly id: string | undefined;
  /** sha256 of the answer's bytes, of a whole one. */
  readonly bodyHash: string | undefined;
  /** What a whole answer told the client. */
  readonly completionTokens: number | undefined;
}

export interface UsageRow {
  readonly id: string;
  readonly orgId: string;
  readonly status: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly rows: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  /** Milliseconds from arrival to the end of the queue; undefined: it never left it. */
  readonly queueMs: number | undefined;
  readonly priceVersion: string;
  readonly lease: string;
}

export interface PriceVersion {
  readonly id: string;
  /** Micro-units, by unit. */
  readonly rates: ReadonlyMap<string, bigint>;
  readonly publisher: string;
  readonly publisherBasisPoints: bigint;
  readonly taxBasisPoints: bigint;
}

export interface Transaction {
  readonly seq: number;
  readonly id: string;
  readonly kind: string;
  readonly orgId: string;
  readonly reference: string;
  readonly createdAt: number;
  readonly hash: string;
  readonly entries: readonly { readonly account: string; readonly amount: bigint }[];
}

export interface Lease {
  readonly id: string;
  readonly gateway: string;
  readonly state: string;
  readonly unit: string;
  readonly left: bigint;
  readonly budgets: readonly string[];
}

export interface BudgetPeriod {
  readonly budget: string;
  readonly start: number;
  readonly leased: bigint;
}

/** The database. */
export interface Book {
  readonly usage: readonly UsageRow[];
  readonly prices: readonly PriceVersion[];
  readonly transactions: readonly Transaction[];
  readonly balances: ReadonlyMap<string, bigint>;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly leases: readonly Lease[];
  readonly budgetPeriods: readonly BudgetPeriod[];
}

/** A receipt as the API gave it: what it says that the call cost, in micro-units, and where in the chain it stands. */
export interface Receipt {
  readonly id: string;
  readonly total: bigint;
  readonly seq: number | undefined;
  readonly hash: string | undefined;
}
