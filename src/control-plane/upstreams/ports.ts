/** What this domain needs of others; `app/` joins it. */
export interface UpstreamPorts {
  /** @throws Fault when no request may go there */
  check(url: string): Promise<void>;
  /** Encrypts a credential so that it can be opened for the url's origin only. */
  seal(credential: string, url: string): string;
  /** A deployment that runs and is served by it; undefined: there is none. */
  usedBy(upstream: string): string | undefined;
}
