import type { IncomingHttpHeaders } from 'node:http';
import type { CallerEntry, DeploymentRoute, Offer, RevisionRoute, Scope } from '../contract/feeds.ts';
import type { EngineUsage } from '../contract/engine-wire.ts';
import type { Fault } from '../contract/errors.ts';
import type { InferReply, InferRequest } from '../contract/oip-binary.ts';
import type { UsageRecord } from '../contract/usage.ts';
import type { CallTrace } from '../telemetry/tracing/tracing.ts';

/** The values that travel down the request path, and nothing else. */

/** Names of the stages, in the order in which they end. */
export const STAGES = ['authenticate', 'body', 'resolve', 'admit', 'queue', 'first_byte', 'total'] as const;
export type StageName = (typeof STAGES)[number];

/** Milliseconds from the call's arrival to the end of each stage. Feeds logs, metrics and `server-timing` alike. */
export type StageTimes = Partial<Record<StageName, number>>;

export type Caller = CallerEntry;

/** Headers as they come from an engine; those that are no single text are not looked at. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Where an engine's answer goes: one head, then frames. `frame` returns false when the receiver wants a pause, and `drained` resolves when it wants more. */
export interface AnswerSink {
  head(status: number, headers: AnswerHeaders): void;
  frame(bytes: Uint8Array): boolean;
  drained(): Promise<void>;
}

/**
 * The client's end of an answer. `frame` returns false when the receiver wants a pause, and `drained` resolves when it wants more.
 * After `end` or `fail` nothing may follow.
 */
export interface ReplySink {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  frame(bytes: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Ends the answer, with its last bytes if there are some left. */
  end(last?: Uint8Array): void;
  /** Before the first byte: an error answer. After it: the protocol's mid-stream error, then the connection's end. */
  fail(fault: Fault): void;
  /** A byte of the answer has been sent: the only test for "may still be retried". */
  readonly committed: boolean;
}

/**
 * Whether the client is still there. Whoever has the call just now is its `holder`, and is told when the client leaves: one field
 * instead of an AbortSignal, whose making and listeners cost more than all else that a stage does.
 */
export class Presence {
  left = false;
  holder: { leave(): void } | undefined;

  /** The client has gone. Called once. */
  end(): void {
    this.left = true;
    this.holder?.leave();
  }
}

/** One HTTP exchange as the listener hands it over. No byte of the body has been read. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's IP address, past the proxies that the operator trusts. */
  readonly address: string;
  /** Reads the whole body, at most `bytesMax`; faults with `payload_too_large` beyond. */
  readBody(bytesMax: number): Promise<Buffer>;
  readonly presence: Presence;
  reply(encodeFault: FaultEncoder): ReplySink;
}

export interface EncodedFault {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a protocol writes a failure: as an answer, and inside a stream that has begun. */
export interface FaultEncoder {
  answer(fault: Fault): EncodedFault;
  midStream(fault: Fault): string;
}

/** A call from its first line to its record. Each stage adds what it has found. */
export interface Call {
  readonly id: string;
  readonly operation: string;
  readonly arrivedAt: number;
  readonly startedAtMs: number;
  /** Monotonic time after which nobody waits for the answer. */
  deadline: number;
  readonly presence: Presence;
  /** Served when nobody else waits. */
  readonly isBackground: boolean;
  readonly times: StageTimes;
  /** The revision whose engine took the call; another than resolved when the traffic has moved while it waited. */
  servedBy?: RevisionRoute;
  /** What it is billed by; absent: an unpriced call. */
  terms?: Terms;
  /** Where an operator collects traces. */
  trace?: CallTrace;
}

/** The contract, the version of the price and the lease that a call is held against. */
export interface Terms {
  readonly subscription: string;
  readonly priceVersion: string;
  readonly lease: string;
}

/** Bounds that need no tokenizer: what a call can use at most (M42). */
export interface Bounds {
  readonly promptTokens: number;
  /** Of one answer; absent: the model's own limit. */
  readonly completionTokens: number | undefined;
  /** How many answers. */
  readonly answers: number;
}

/** What a protocol made of a body: which model, how much at most, and the work for an engine. */
export interface DecodedRequest {
  readonly model: string;
  /** Calls of one session stay with one revision while traffic is shared; the caller's own name for its end user. */
  readonly session: string | undefined;
  readonly bounds: Bounds;
  /** The task that the operation needs of a model. */
  readonly needs: 'chat' | 'completion' | 'embedding' | 'tensor';
  work(target: Target): Work;
}

/** An answer piped through as bytes, or one that the gateway joins and splits itself. */
export type Work = ForwardWork | TensorWork;

export interface ForwardWork {
  readonly kind: 'forward';
  readonly path: string;
  readonly body: Buffer;
  readonly stream: boolean;
  /** The client wants a stream's usage told. */
  readonly wantsUsage?: boolean;
}

export interface TensorWork {
  readonly kind: 'tensor';
  readonly request: InferRequest;
  /** Size of the batch dimension; 1 where there is none. */
  readonly rows: number;
  /** The caller waits no longer, by the request itself. */
  readonly timeoutMs?: number;
  encode(reply: InferReply): { readonly headers: Readonly<Record<string, string>>; readonly chunks: readonly Uint8Array[] };
}

/** Where a call goes: the deployment, the revision picked for this call, and on what terms. */
export interface Target {
  readonly deployment: DeploymentRoute;
  readonly revision: RevisionRoute;
  readonly offer: Offer;
  /** The request named a version: no other will do. */
  readonly pinned: boolean;
}

/** A place within the caller's limits and credit. `settle` corrects what is held by what was used, and frees the place; it is called exactly once. */
export interface Admission {
  /** Says what is left of the limits, as `x-ratelimit-*`. */
  addHeaders(headers: Record<string, string>): void;
  /** The call goes elsewhere: what it is held against becomes the other's. @throws Fault when that can't be paid */
  turnTo(admitted: Admitted): Promise<void>;
  /** By the call's record; without one nothing was used. */
  settle(record: UsageRecord | undefined): void;
}

/** What is admitted: who calls, where to, and how much it can use at most. */
export interface Admitted {
  readonly call: Call;
  readonly caller: Caller;
  readonly target: Target;
  readonly request: DecodedRequest;
  readonly work: Work;
  readonly requestBytes: number;
}

export interface Counts {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly rows: number;
}

/** How dispatch left a call: all of the answer went into the sink, or the client left, or there is something to tell it. */
export interface Ending {
  readonly status: 'complete' | 'cancelled' | 'failed';
  /** Set when `failed`; and when `cancelled` by somebody else than the client. */
  readonly fault?: Fault;
  /** What a cut call had cost the engine, where it says so and no byte of the answer came. */
  readonly usage?: EngineUsage;
  readonly attempts: number;
}

export const NO_COUNTS: Counts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, rows: 0 };

export type RequiredScope = Scope | 'public';
