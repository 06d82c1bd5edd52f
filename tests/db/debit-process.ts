import { once } from 'node:events';
import { systemClock } from '../../src/base/clock.ts';
import { Ledger } from '../../src/control-plane/ledger/index.ts';
import { openDatabase } from '../../src/db/open.ts';

/**
 * A process that leases from a wallet: `node debit-process.ts TARGET NAME COUNT AMOUNT`. It opens the database, says `ready`, waits for a line, and
 * then says what became of each lease: `got 100` or the fault's code.
 */
const [target = '', name = '', count = '0', amount = '0'] = process.argv.slice(2);
const db = await openDatabase(target);
const ledger = new Ledger(db, systemClock);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
for (let index = 0; index < Number(count); index++) {
  const said = await ledger.lease({ id: `${name}-${index}`, orgId: 'acme', gateway: name, epoch: 1, wantedMicros: BigInt(amount) }).then(
    ({ amountMicros }) => `got ${amountMicros}`,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
  process.stdout.write(`${said}\n`);
}
await db.destroy();
