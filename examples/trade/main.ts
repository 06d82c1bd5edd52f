import { findServer } from '../lib/server.ts';
import { say, title } from '../lib/page.ts';
import { buy } from './buy.ts';
import { invite } from './parties.ts';
import { sell } from './sell.ts';
import { settle } from './settle.ts';
import { compare } from './statements.ts';

/** A whole trade between three keys: a publisher sells a model, a consumer buys and calls it, the operator runs the place; and every millionth is where it belongs. */
async function main(): Promise<void> {
  const started = performance.now();
  await using server = await findServer();
  const parties = await invite(server);
  title('1. Sell');
  const sold = await sell(parties);
  title('2. Buy');
  const call = await buy(parties, sold);
  title('3. Settle');
  await settle(parties, sold.plan, call);
  title('4. Three statements');
  await compare(parties);
  say(`done in ${((performance.now() - started) / 1_000).toFixed(0)} s`);
}

await main();
