import { expect, test } from 'vitest';
import { SCOPES } from '../../src/contract/feeds.ts';
import { initial } from '../../src/db/migrations/0001-initial.ts';
import { ledger } from '../../src/db/migrations/0009-ledger.ts';
import { market } from '../../src/db/migrations/0010-market.ts';
import { connect } from '../../src/db/open.ts';

test('keys of before the market: an operator’s has the new scope too, all others are as they were', async () => {
  const db = connect(':memory:');
  for (const { up } of [initial, ledger]) await up(db);
  await db.insertInto('organisations').values({ id: 'org', name: 'platform', created_at: 0 }).execute();
  const former = SCOPES.filter((scope) => scope !== 'subscriptions');
  const consumer = ['inference', 'models.read', 'deployments.read', 'keys', 'usage'];
  for (const [id, scopes] of [
    ['operator', former],
    ['consumer', consumer],
    ['narrow', ['operator']],
  ] as const)
    await db
      .insertInto('keys')
      .values({
        id,
        org_id: 'org',
        name: id,
        hash: id,
        prefix: '',
        last4: '',
        scopes: JSON.stringify(scopes),
        allowed_models: null,
        limits: '{}',
        created_at: 0,
        expires_at: null,
        revoked_at: null,
        replaced_by: null,
      })
      .execute();
  await market.up(db);
  const rows = await db.selectFrom('keys').select(['id', 'scopes']).execute();
  expect(Object.fromEntries(rows.map(({ id, scopes }) => [id, JSON.parse(scopes) as unknown]))).toEqual({ operator: SCOPES, consumer, narrow: ['operator'] });
  await db.destroy();
});
