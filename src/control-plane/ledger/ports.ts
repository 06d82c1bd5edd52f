/** What the ledger needs to know of organisations; `app/` gives it. */
export interface Organisations {
  /** @throws Fault when there is none of that name */
  byName(name: string): Promise<{ readonly id: string; readonly name: string }>;
}

/** What whoever bills knows beside the book. */
export interface Bills {
  /** Credit that gateways hold of an organisation for calls; what they don't spend comes back. */
  held(orgId: string): Promise<bigint>;
  /** Ids of calls, the oldest first. */
  unbilled(idsMax: number): Promise<readonly string[]>;
}
