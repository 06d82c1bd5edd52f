import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { receiptKeyId } from '../../contract/receipt.ts';

const SEED_BYTES = 32;
/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface ReceiptKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** PEM, for whoever wants to verify. */
  readonly publicKey: string;
}

/** The key that receipts are signed by: made of the home's own secret (HKDF, RFC 5869), so that it survives with a backup and no table holds it. */
export function receiptKeyOf(signingKey: Buffer): ReceiptKey {
  const seed = Buffer.from(hkdfSync('sha256', signingKey, Buffer.alloc(0), 'modelyard receipts v1', SEED_BYTES));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  return { id: receiptKeyId(privateKey), privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}
