/** What the load generator is told to do, as one JSON line, and what it answers. */
export interface LoadOrder {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Taken in turn. */
  readonly bodies: readonly string[];
  /** The bodies are base64. */
  readonly binary?: boolean;
  readonly concurrency: number;
  readonly seconds: number;
  readonly expect: Expectation;
}

/** A right answer. Anything else is a failure, and no success. */
export interface Expectation {
  readonly bytes?: number;
  readonly bytesMin?: number;
  readonly contains?: readonly string[];
  readonly absent?: readonly string[];
  /** Of a stream: `data:` events, the terminator included. */
  readonly events?: number;
}

export interface LoadResult {
  readonly successes: number;
  readonly failures: number;
  readonly firstFailure: string;
  /** From the first request to the end of the last answer. */
  readonly seconds: number;
  /** The generator's own. */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly events: number;
  /** Events that streams were short of. */
  readonly eventsLost: number;
  /** `completion_tokens` of all answers. */
  readonly tokens: number;
}
