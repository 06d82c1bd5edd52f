/** What the ledger needs to know of organisations; `app/` gives it. */
export interface Organisations {
  /** @throws Fault when there is none of that name */
  byName(name: string): Promise<{ readonly id: string; readonly name: string }>;
}
