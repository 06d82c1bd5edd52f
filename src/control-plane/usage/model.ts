/** How usage can be summed up. */
export const GROUPINGS = ['model', 'key', 'day', 'operation'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What is asked for. Times are milliseconds since 1970; `until` is exclusive. */
export interface UsageQuery {
  readonly orgId: string | undefined;
  readonly since: number;
  readonly until: number;
}

export interface UsageSum {
  readonly group: string;
  readonly calls: number;
  readonly failed: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly rows: number;
}

/** How work can be split beside the deployment. */
export type WorkSplit = 'deployment' | 'org' | 'day';

/** What a deployment served, for costing. */
export interface UsageWork {
  readonly deployment: string;
  /** The calling organisation's id, or the day's begin in milliseconds since 1970; the deployment again when it is split by that alone. */
  readonly group: string;
  readonly calls: number;
  /** Of prompts and answers. */
  readonly tokens: number;
  /** From the end of the queue to the end of the answer; 0 unless split by organisation. */
  readonly servedMs: number;
  /** Of requests and answers. */
  readonly bytes: number;
}
