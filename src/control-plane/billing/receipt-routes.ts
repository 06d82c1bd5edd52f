import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { SignedReceipt } from '../../contract/receipt.ts';
import type { Receipts } from './receipts.ts';

const Key = Type.Object({ id: Type.String(), algorithm: Type.Literal('Ed25519'), publicKey: Type.String({ description: 'PEM' }) });

/** `/api/v1/receipts` */
export function receiptRoutes(receipts: Receipts): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    // No key is needed for it: whoever was handed a receipt can check it.
    app.get('/receipts/key', { config: { scope: 'public' }, schema: { operationId: 'getReceiptKey', security: [], response: { 200: Key } } }, async () => ({
      ...receipts.key,
      algorithm: 'Ed25519' as const,
    }));
    const Params = Type.Object({ requestId: Type.String({ maxLength: 64 }) });
    app.get(
      '/receipts/:requestId',
      { config: { scope: 'usage' }, schema: { operationId: 'getReceipt', params: Params, response: { 200: SignedReceipt } } },
      async ({ caller, params }) => receipts.get(caller, params.requestId),
    );
    done();
  };
}
