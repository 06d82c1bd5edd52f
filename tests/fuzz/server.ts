import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder } from '../../src/app/home.ts';
import { freePort } from '../../src/base/free-port.ts';
import { postgresDatabase, sqliteDatabase } from '../chaos/money/database.ts';
import { type ServerProcess, startServer } from '../chaos/server-process.ts';
import { startHarness } from '../harness.ts';
import { openMarket } from '../market.ts';
import type { Names } from './request.ts';
import { type ApiDocument, type Target, targetsOf } from './targets.ts';

const SIGNATURE = { inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1] }], outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1] }] };

/** A real server in a process of its own, with something of everything in it. */
export interface FuzzedServer extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly port: number;
  readonly names: Names;
  readonly targets: readonly Target[];
}

export async function startFuzzed(db: 'sqlite' | 'postgres' = 'sqlite'): Promise<FuzzedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'my-fuzz-'));
  const home = join(folder, 'home');
  const database = db === 'postgres' ? await postgresDatabase(folder) : sqliteDatabase(homeFolder(home).database);
  const { key, names } = await setUp(home, database.target);
  const port = await freePort();
  const server = await startServer(home, port, key, {
    models: ['echo', 'tensor', 'vectors'],
    environment: { MODELYARD_LOG_LEVEL: 'error', ...(database.isProcess && { DATABASE_URL: database.target }) },
  });
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as ApiDocument;
  return {
    server,
    port,
    names,
    targets: targetsOf(document),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function setUp(home: string, database: string): Promise<{ key: string; names: Names }> {
  const modelyard = await startHarness({ home, database });
  await modelyard.deployEcho('echo', { slots: 8 });
  await modelyard.deployEcho('tensor', { task: 'tensor', slots: 4, signature: SIGNATURE, maxBatchSize: 4 });
  await modelyard.deployEcho('vectors', { task: 'embedding', slots: 4 });
  for (const name of ['lab', 'acme']) await modelyard.call('/api/v1/orgs', { body: { name } });
  await modelyard.deployEcho('lab/sold');
  const market = await openMarket(modelyard, 'sold', { rates: { input_tokens: '1', output_tokens: '1' }, credit: '1000' });
  const viewer = await modelyard.makeKey({ name: 'reads only', role: 'consumer', org: 'default' });
  const spare = await modelyard.makeKey({ name: 'spare', role: 'consumer', org: 'acme' });
  const { key } = modelyard;
  await modelyard.stop();
  const known = ['echo', 'tensor', 'vectors', 'lab/sold', 'default', 'lab', 'acme', 'main', market.listing, market.plan, market.subscription];
  return { key, names: { known, spare: ['spare', spare.id, 'nobody'], keys: [key, market.publisher, market.consumer, viewer.key, `${key.slice(0, -1)}x`, 'my_', undefined] } };
}
