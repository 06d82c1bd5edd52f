import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { openDatabase } from '../../db/open.ts';
import { FILES, ORGS, type Step, World } from './testing/garbage-world.ts';
import { ACME, OPERATOR } from './testing/registry.ts';

const RUNS = Number(process.env['GC_SEQUENCES'] ?? 50);

const file = fc.nat(FILES.length - 1);
const org = fc.nat(ORGS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('upload' as const, 'upload' as const, 'ask' as const, 'publish' as const, 'release' as const, 'release' as const), org, file }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('pull' as const, 'endPull' as const, 'failPull' as const, 'remove' as const, 'remove' as const), file }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('deploy' as const, 'deploy' as const, 'undeploy' as const, 'retire' as const, 'engineEnds' as const), file }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 4, 5, 20, 23, 24, 49) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'collectNow' as const, 'dryRun' as const) }) },
);
/** With `beside`, a collection runs at the same time; without a grace, so that it takes all it may. */
const steps = fc.array(fc.record({ step, beside: fc.boolean() }), { minLength: 10, maxLength: 40 });

test('garbage: whatever happens in whatever order, nothing that is needed goes, and nothing else stays for two graces', { timeout: 300_000 }, async () => {
  const db = await openDatabase(':memory:');
  for (const { orgId, orgName } of [OPERATOR, ACME]) await db.insertInto('organisations').values({ id: orgId, name: orgName, created_at: 0 }).execute();
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const folder = await mkdtemp(join(tmpdir(), 'modelyard-gc-'));
      try {
        const world = new World(db, folder);
        for (const one of taken) await world.take(one);
        await world.end();
      } finally {
        for (const table of ['labels', 'model_versions', 'models', 'blob_holders'] as const) await db.deleteFrom(table).execute();
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: RUNS },
  );
  await db.destroy();
});
