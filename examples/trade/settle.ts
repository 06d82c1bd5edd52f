import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { say, table } from '../lib/page.ts';
import { soon } from './buy.ts';
import type { Parties } from './parties.ts';

const MODELYARD = fileURLToPath(new URL('../../bin/modelyard.mjs', import.meta.url));

/** The consumer checks a receipt by itself; a part of that call is given back; the publisher raises its price and is paid. */
export async function settle({ operator, publisher, consumer }: Parties, plan: string, call: string): Promise<void> {
  const document = await soon(() => consumer.client.get('/api/v1/receipts/{requestId}', { params: { requestId: call } }));
  const { receipt } = document;
  say(
    table(
      ['UNIT', 'USED', 'RATE', 'PER'],
      receipt.lines.map(({ unit, quantity, rate, per }) => [unit, quantity, rate, per]),
    ),
  );
  say(`total ${receipt.total} ${receipt.price?.currency}, transaction ${receipt.chain?.seq} of the book`);
  const { publicKey } = await consumer.client.get('/api/v1/receipts/key');
  say(await verifyOffline(document, publicKey));

  const refund = await operator.post('/api/v1/refunds', { body: { id: `refund-${call}`, charge: call, percent: 40, reason: 'a wrong answer' } });
  say(`40 % of it is given back: ${refund.amount}, of which ${refund.publisher} from the publisher and ${refund.platform} from the platform`);

  const { effective } = await reprice(publisher.client, plan);
  say(`the publisher raises the price by a quarter: for those who have subscribed from ${effective}, with notice`);
  const { closing } = await publisher.client.get('/api/v1/statements', { query: { kind: 'publisher' } });
  const paid = await operator.post('/api/v1/payouts', { body: { id: `payout-${publisher.org}`, org: publisher.org, amount: closing } });
  say(`the operator pays the publisher out: ${paid.amount}, ${paid.left} are left`);
}

/** With the command that a user would take, a file and the public key: no server is asked. */
async function verifyOffline(document: unknown, publicKey: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'modelyard-receipt-'));
  try {
    const [file, key] = [join(folder, 'receipt.json'), join(folder, 'key.pem')];
    await writeFile(file, JSON.stringify(document));
    await writeFile(key, publicKey);
    const { stdout } = await promisify(execFile)(process.execPath, [MODELYARD, 'receipt', 'verify', file, '--key', key]);
    return `modelyard receipt verify: ${stdout.trim()}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function reprice(client: Parties['operator'], plan: string): Promise<{ effective: string }> {
  const { effectiveAt = 0 } = await client.put('/api/v1/plans/{id}/price', { params: { id: plan }, body: { rates: { rows: '2.50', requests: '0.50' } } });
  return { effective: new Date(effectiveAt).toISOString().slice(0, 10) };
}
