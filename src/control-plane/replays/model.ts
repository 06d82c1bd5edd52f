import { inProgress, keyReused, resultLost, resultTooLarge } from './errors.ts';

/** So long a key stands for its first call. */
export const KEPT_MS = 24 * 3_600_000;

/** One call's hold of its organisation's key. */
export interface Claim {
  readonly orgId: string;
  readonly key: string;
  /** Of the path and the body, hex. */
  readonly bodyHash: string;
  readonly requestId: string;
}

export type CallOfKey = Pick<Claim, 'orgId' | 'key' | 'requestId'>;

/** An answer as its client was sent it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What is known of a key's first call. */
export interface Replay extends Claim {
  readonly state: 'running' | 'done' | 'lost';
  /** Absent unless `done`; and then, when it was too large to be kept. */
  readonly answer: Answer | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Whether a key may be used anew. */
export function isOver({ createdAt }: Pick<Replay, 'createdAt'>, now: number): boolean {
  return createdAt + KEPT_MS <= now;
}

/** What a repeat is answered. @throws Fault where it is not the first answer again */
export function repeatOf(first: Replay, bodyHash: string): Answer {
  if (first.bodyHash !== bodyHash) throw keyReused();
  if (first.state === 'running') throw inProgress();
  if (first.state === 'lost') throw resultLost(first.requestId);
  if (!first.answer) throw resultTooLarge(first.requestId);
  return first.answer;
}
