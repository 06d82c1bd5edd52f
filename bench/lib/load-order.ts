/** What the load generator is told to do, as one JSON line, and what it answers. */
export interface LoadOrder {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** POST by default; a GET has no body. */
  readonly method?: 'GET' | 'POST';
  /** Taken in turn. */
  readonly bodies: readonly string[];
  /** The bodies are base64. */
  readonly binary?: boolean;
  /** Closed loop: workers, each sending its next request when its answer has come. Not used with `open`. */
  readonly concurrency: number;
  readonly open?: OpenLoop;
  readonly seconds: number;
  readonly expect: Expectation;
}

/** Calls come by the clock, whether the others were answered or not. Times are from when a call was due, so that none is left out while the server stalls. */
export interface OpenLoop {
  /** Of independent arrivals, on average. */
  readonly perSecond: number;
  /** A call that is due while so many are under way is not sent. */
  readonly inFlightMax: number;
  /** Calls that find no free connection wait for one, and their time counts; `inFlightMax` by default: after a stall a server would be busy with taking hundreds of connections. */
  readonly connections?: number;
}

/** A right answer. Anything else is a failure, and no success. */
export interface Expectation {
  readonly bytes?: number;
  readonly bytesMin?: number;
  readonly contains?: readonly string[];
  readonly absent?: readonly string[];
  /** Status of an answer that turns a call away, and does so rightly: neither success nor failure. */
  readonly refusal?: number;
  /** Of a stream: `data:` events, the terminator included. */
  readonly events?: number;
}

export interface LoadResult {
  readonly successes: number;
  readonly failures: number;
  readonly firstFailure: string;
  readonly refusals: number;
  readonly refusalP99Ms: number;
  /** Open loop: calls that were due and not sent. */
  readonly unsent: number;
  /** Open loop: how much later than due calls were handed to the connections, 99th percentile: the generator's own lateness. */
  readonly lateP99Ms: number;
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
