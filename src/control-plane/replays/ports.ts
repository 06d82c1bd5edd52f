/** What replays need to know of usage; `app/` gives it. */
export interface Charges {
  /** Those of these calls that there is something to charge for. */
  charged(requestIds: readonly string[]): Promise<ReadonlySet<string>>;
}
