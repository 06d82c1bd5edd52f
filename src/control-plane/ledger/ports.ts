/** What the ledger needs to know of organisations; `app/` gives it. */
export interface Organisations {
  /** @throws Fault when there is none of that name */
  byName(name: string): Promise<{ readonly id: string; readonly name: string }>;
}

/** What is owed and not in the book, as far as whoever bills knows. */
export interface Unbilled {
  /** Ids of calls, the oldest first. */
  unbilled(idsMax: number): Promise<readonly string[]>;
}
