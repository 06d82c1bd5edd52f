import type { Manifest } from './manifest.ts';

/**
 * What gateway, launcher and our own engines agree on beside the public dialects.
 *
 * - `GET /health` → 200 `EngineHealth` when ready, 503 with the same shape before; answered by the child's main thread.
 * - `POST /cancel/{request id}` → 204, known or not. The cancelled call still ends with its usage. 501: this engine can't stop a call; it is read to its end.
 * - `POST /tokenize` `{prompt}` or `{messages}` → `{tokens: number[]}`.
 * - A stream carries its exact usage in one SSE comment, `: modelyard-usage {…}`, before `data: [DONE]`; on a cancel it is
 *   the last frame, and no `[DONE]` follows. Any other answer of a text engine carries it in the header `x-modelyard-usage`.
 * - An answer cut by a cancel before its first byte has status 499.
 */
export const ENGINE_HEADER = {
  requestId: 'x-request-id',
  cacheSalt: 'x-modelyard-cache-salt',
  /** Milliseconds that are left of the call's deadline. */
  deadlineMs: 'x-modelyard-deadline-ms',
  /** Where the engine listens on TCP: the per-replica token. */
  token: 'x-modelyard-engine-token',
  usage: 'x-modelyard-usage',
} as const;

export const USAGE_COMMENT = ': modelyard-usage ';

/** Exact counts of what an engine computed for one call. */
export interface EngineUsage {
  readonly promptTokens: number;
  /** Of the prompt tokens, those served from the prefix cache. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

export interface EngineHealth {
  readonly status: 'loading' | 'ready' | 'draining';
  readonly slots: number;
  readonly running: number;
}

/** What a child is told when it starts, as one JSON line on its standard input; the pipe's end is its order to end. */
export interface EngineSpec {
  readonly kind: Manifest['engine'];
  readonly manifest: Manifest;
  /** Manifest path → absolute path in the read-only blob store; opened with `openVerified`. */
  readonly files: Readonly<Record<string, string>>;
  readonly listen: { readonly socket: string } | { readonly host: string; readonly port: number; readonly token: string };
  /** The replica's CPU share, whole threads. */
  readonly threads: number;
}
