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
