import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';

/** What a handler is given beside the engine, the request and the response. */
export interface WireContext {
  /** From the request's header, or made here. */
  readonly requestId: string;
  readonly cacheSalt: string;
  /** Aborts on `POST /cancel/{id}`, when the client's connection closes, and at the deadline (its reason is then a Fault). */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** For `/v2/models/{m}/infer`: the decoded `{m}`; else empty. */
  readonly modelName: string;
  /** Tells the host of an engine's own failure that the handler has answered itself, in the middle of a stream. */
  readonly report: (error: unknown) => void;
  /** A longer request body is refused. */
  readonly bodyBytesMax: number;
}

/** Handles one call to its end; what it throws before its response's head is sent becomes an error answer of its dialect. */
export type WireHandler<E> = (engine: E, request: IncomingMessage, response: ServerResponse, context: WireContext) => Promise<void>;
