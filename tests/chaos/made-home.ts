import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder, writeCredentials } from '../../src/app/home.ts';
import { freePort } from '../../src/base/free-port.ts';
import { type Harness, startHarness } from '../harness.ts';

/** A home as a server leaves it, for one that is started as a process of its own on `port`. */
export interface MadeHome extends Disposable {
  readonly home: string;
  /** The operator's. */
  readonly key: string;
  readonly port: number;
}

/** Its database holds what `prepare` has set up. It is removed with the test. */
export async function makeHome(prepare: (modelyard: Harness) => Promise<unknown>): Promise<MadeHome> {
  const home = mkdtempSync(join(tmpdir(), 'my-home-'));
  const { credentials, database } = homeFolder(home);
  const setUp = await startHarness({ home, database });
  await prepare(setUp);
  const { key } = setUp;
  await setUp.stop();
  const port = await freePort();
  await writeCredentials(credentials, { url: `http://127.0.0.1:${port}`, key });
  return { home, key, port, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) };
}
