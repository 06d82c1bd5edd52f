import { join } from 'node:path';
import { type Config, loadConfig } from '../../src/app/config.ts';
import type { ConfigFile } from '../../src/app/config-file.ts';
import { openHome, readCredentials, writeCredentials } from '../../src/app/home.ts';
import { type Running, startModelyard } from '../../src/app/lifecycle.ts';
import { provideStarters } from '../../src/app/starters.ts';
import { silentLogger } from '../../src/telemetry/log.ts';

/** The whole product with real engines in real child processes and the four starters, on a home that is kept between runs. */
export interface RealServer extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly running: Running;
}

export async function startRealServer(more: Partial<Config> = {}, file: ConfigFile = {}): Promise<RealServer> {
  const home = join(import.meta.dirname, '../../.cache/test-home');
  const config = { ...loadConfig({ home, port: '0' }, { home: undefined, port: undefined, logLevel: undefined, all: {} }), drainMs: 5_000, ...more };
  const { folder, release } = await openHome(home, 'a test run');
  const running = await startModelyard({ config, file, folder, log: silentLogger(), environment: process.env });
  const known = await readCredentials(folder.credentials);
  const key = running.operatorKey ?? known?.key ?? '';
  await writeCredentials(folder.credentials, { url: running.url, key });
  await provideStarters(running, { folder, environment: process.env, signal: AbortSignal.timeout(280_000), progress: () => undefined, done: () => undefined });
  return {
    url: running.url,
    key,
    running,
    async [Symbol.asyncDispose]() {
      await running.close();
      await release();
    },
  };
}
