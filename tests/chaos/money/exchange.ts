import { createHash } from 'node:crypto';
import type { Attempt } from './evidence.ts';

/** Who calls what, and on what terms. The key changes when it is rotated. */
export interface Buyer {
  key: string;
  readonly orgId: string;
  readonly model: string;
  readonly kind: 'chat' | 'embeddings' | 'tensor';
  readonly subscription: string;
  /** By a price above nothing. */
  readonly isPaid: boolean;
}

/** A call as its client means it. */
export interface Wanted {
  readonly call: string;
  readonly buyer: Buyer;
  readonly stream: boolean;
  readonly idempotencyKey: string | undefined;
  readonly body: string;
}

export interface Watch {
  /** Leaves after so many pieces of a stream. */
  readonly leavesAfter?: number | undefined;
  /** Told of each piece of an answer, with what has come so far. */
  onPiece?(text: string): void;
}

export type Seen = Attempt & { readonly mayRetry: boolean };

const TIMEOUT_SECONDS = 20;

function pathOf({ kind, model }: Buyer): string {
  if (kind === 'tensor') return `/v2/models/${encodeURIComponent(model)}/infer`;
  return kind === 'chat' ? '/v1/chat/completions' : '/v1/embeddings';
}

/** One HTTP exchange, to its end or its client's leaving. */
export async function attempt(url: string, { call, buyer, stream, idempotencyKey, body }: Wanted, watch: Watch = {}): Promise<Seen> {
  const leave = new AbortController();
  const headers = {
    authorization: `Bearer ${buyer.key}`,
    'content-type': 'application/json',
    'x-request-timeout': String(TIMEOUT_SECONDS),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  };
  const { orgId, model, subscription, isPaid } = buyer;
  const untold = { id: undefined, bodyHash: undefined, promptTokens: undefined, completionTokens: undefined, rows: undefined };
  let seen: Seen = { call, outcome: 'cut', status: 0, idempotencyKey, isReplayed: false, orgId, model, subscription, isPaid, ...untold, mayRetry: true };
  try {
    const response = await fetch(url + pathOf(buyer), { method: 'POST', headers, body, signal: leave.signal });
    const isReplayed = response.headers.get('idempotency-replayed') === 'true';
    seen = { ...seen, status: response.status, isReplayed, id: response.headers.get('x-request-id') ?? undefined };
    const text = await read(response, watch);
    if (text === undefined) {
      leave.abort();
      return { ...seen, outcome: 'left' };
    }
    if (response.status !== 200) {
      const code = /"code":"(\w+)"/.exec(text)?.[1] ?? `http_${response.status}`;
      return { ...seen, outcome: 'refused', code, mayRetry: response.status >= 500 || code === 'idempotency_in_progress' };
    }
    const isWhole = text.endsWith(stream ? END : '}');
    return isWhole ? { ...seen, outcome: 'whole', bodyHash: createHash('sha256').update(text).digest('hex'), ...toldBy(text, buyer) } : seen;
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    return { ...seen, outcome: code === 'ECONNREFUSED' ? 'unreachable' : 'cut' };
  }
}

const END = 'data: [DONE]\n\n';

/** What a whole answer says that it used: tokens, or the rows of its first output. */
function toldBy(text: string, { kind }: Buyer): Pick<Attempt, 'promptTokens' | 'completionTokens' | 'rows'> {
  const number = (pattern: RegExp) => {
    const told = pattern.exec(text)?.[1];
    return told === undefined ? undefined : Number(told);
  };
  if (kind === 'tensor') return { promptTokens: undefined, completionTokens: undefined, rows: number(/"shape":\[(\d+)/) };
  return { promptTokens: number(/"prompt_tokens":(\d+)/), completionTokens: number(/"completion_tokens":(\d+)/), rows: undefined };
}

/** All of the body; undefined: so many pieces were read, and more was to come. */
async function read(response: Response, { leavesAfter, onPiece }: Watch): Promise<string | undefined> {
  if ((leavesAfter === undefined && !onPiece) || response.status !== 200) return response.text();
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let at = 0; ; at++) {
    const piece = await reader?.read();
    const text = () => Buffer.concat(chunks).toString();
    if (!piece?.value) return text();
    chunks.push(piece.value);
    onPiece?.(text());
    if (leavesAfter !== undefined && at + 1 >= leavesAfter && !text().endsWith(END)) return undefined;
  }
}
