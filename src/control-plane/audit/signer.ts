import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Head, SignedHead } from './model.ts';

const ID_CHARS = 16;

/** Signs heads by a key that is made of the home's own secret (HKDF, RFC 5869; HMAC-SHA256): no table holds it. */
export class Signer {
  readonly #key: Buffer;
  /** Says which home's key it is, and nothing of the key. */
  readonly id: string;

  constructor(signingKey: Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', signingKey, Buffer.alloc(0), 'modelyard audit v1', 32));
    this.id = this.#mac('id').toString('hex').slice(0, ID_CHARS);
  }

  sign({ seq, hash, archivedSeq, archivedHash }: Head): SignedHead {
    return { seq, hash, archivedSeq, archivedHash, signer: this.id, signature: this.#mac(textOf({ seq, hash, archivedSeq, archivedHash })).toString('hex') };
  }

  isOwn(head: SignedHead): boolean {
    const given = Buffer.from(head.signature, 'hex');
    const right = this.#mac(textOf(head));
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #mac(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

function textOf({ seq, hash, archivedSeq, archivedHash }: Head): string {
  return JSON.stringify(['head', seq, hash, archivedSeq, archivedHash]);
}
