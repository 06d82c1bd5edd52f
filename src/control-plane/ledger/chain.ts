import { hash } from 'node:crypto';
import type { Posting } from './model.ts';

/** The hash before the first transaction. */
export const GENESIS = '0'.repeat(64);

/** What is hashed of a transaction: all of it but the hash. */
export interface Hashed {
  readonly seq: number;
  readonly id: string;
  readonly kind: string;
  readonly orgId: string;
  readonly reference: string;
  readonly createdAt: number;
  readonly postings: readonly Posting[];
}

/** sha256 of the hash before and of the transaction in a form that has one way to be written, hex. */
export function hashOf(previous: string, { seq, id, kind, orgId, reference, createdAt, postings }: Hashed): string {
  const lines = postings.map(({ account, amountMicros }) => [account, amountMicros.toString()]);
  return hash('sha256', JSON.stringify([previous, seq, id, kind, orgId, reference, createdAt, lines]));
}
