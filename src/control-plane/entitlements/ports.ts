/** What entitlements need to know of an organisation's keys; `app/` gives it. */
export interface Keys {
  listKeys(orgId: string): Promise<readonly { readonly id: string }[]>;
}
