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
  /** PEM, of the key that receipts are signed by. */
  readonly receiptKey: string;
  /** The prices that contracts came to, of each contract the oldest first. */
  readonly changes: readonly PriceChange[];
  readonly book: Book;
}

/** A contract comes to a version of its price: ordered at `from` at the earliest, done by `until`, milliseconds since 1970. */
export interface PriceChange {
  readonly subscription: string;
  readonly version: string;
  readonly from: number;
  readonly until: number;
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
  /** Who called, what, and by which contract; without one: the own model of its organisation. */
  readonly orgId: string;
  readonly model: string;
  readonly subscription: string;
  /** Its contract has a price above nothing. */
  readonly isPaid: boolean;
  /** The answer's `x-request-id`, where its head came. */
  readonly id: string | undefined;
  /** sha256 of the answer's bytes, of a whole one. */
  readonly bodyHash: string | undefined;
  /** What a whole answer told the client; undefined: it does not tell of such. */
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly rows: number | undefined;
}

export interface UsageRow {
  readonly id: string;
  /** Milliseconds since 1970, when it was admitted. */
  readonly startedAt: number;
  readonly orgId: string;
  readonly keyId: string;
  readonly deployment: string;
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
  readonly subscription: string;
  readonly priceVersion: string;
  readonly lease: string;
}

export interface PriceVersion {
  readonly id: string;
  readonly plan: string;
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
}

export interface Subscription {
  readonly id: string;
  readonly orgId: string;
  readonly plan: string;
  readonly deployment: string;
  readonly priceVersion: string;
}

export interface Key {
  readonly id: string;
  readonly orgId: string;
  /** From when on it is refused; undefined: never. */
  readonly endsAt: number | undefined;
  readonly replacedBy: string | undefined;
}

/** Of money, or the quota of a contract. */
export interface Budget {
  readonly id: string;
  readonly orgId: string;
  readonly keyId: string | undefined;
  readonly subscription: string | undefined;
  readonly unit: string;
  readonly limit: bigint;
  readonly period: string;
  readonly isHard: boolean;
}

export interface BudgetPeriod {
  readonly budget: string;
  readonly start: number;
  readonly used: bigint;
  readonly leased: bigint;
}

/** The database. */
export interface Book {
  readonly usage: readonly UsageRow[];
  readonly prices: readonly PriceVersion[];
  readonly subscriptions: readonly Subscription[];
  readonly keys: readonly Key[];
  readonly transactions: readonly Transaction[];
  readonly balances: ReadonlyMap<string, bigint>;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly leases: readonly Lease[];
  readonly budgets: readonly Budget[];
  readonly budgetPeriods: readonly BudgetPeriod[];
}

/** A receipt as the API gave it. */
export interface Receipt {
  readonly receipt: WrittenReceipt;
  /** Ed25519 over the receipt's canonical JSON, base64. */
  readonly signature: string;
  readonly key: string;
}

/** Amounts are decimal numbers. What else it says is signed, and not judged. */
export interface WrittenReceipt {
  readonly id: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly price: { readonly version: string; readonly rates: Readonly<Record<string, string>> } | null;
  readonly lines: readonly { readonly unit: string; readonly quantity: number; readonly rate: string; readonly per: number }[];
  readonly total: string;
  readonly refunded: string;
  readonly chain: { readonly seq: number; readonly hash: string } | null;
}
