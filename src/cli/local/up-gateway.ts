import { join } from 'node:path';
import type { ConfigFile } from '../../app/config-file.ts';
import type { Config } from '../../app/config.ts';
import { databaseName, databaseOf } from '../../app/database.ts';
import { type RunningGateway, startGateway } from '../../app/gateway.ts';
import { homeFolder, openGateway } from '../../app/home.ts';
import { updateLock } from '../../app/lock.ts';
import { holdProcess } from '../../base/clock.ts';
import { createLogger } from '../../telemetry/log.ts';
import { paint } from '../terminal.ts';
import { untilStopped } from './until-stopped.ts';

/** `modelyard up --role gateway`: serves calls until it is stopped. */
export async function upGateway(config: Config, file: ConfigFile, name: string): Promise<void> {
  const { folder, release } = await openGateway(config.home, name, `http://${config.host}:${config.port}`);
  const stopped = untilStopped();
  let running: RunningGateway | undefined;
  try {
    const log = createLogger({ level: config.logLevel, file: join(folder.path, 'gateway.log') });
    const home = homeFolder(config.home);
    const database = databaseOf(config.databaseUrl, home.database);
    running = await startGateway({ config, file, folder, signingKey: home.signingKey, database, log });
    await updateLock(folder.path, running.url);
    process.stdout.write(`Gateway ${paint('bold', name)} serves calls on ${paint('cyan', running.url)}\n`);
    process.stdout.write(`Its database is ${databaseName(database)}, which must be the server's\n\n${paint('dim', 'Ctrl-C stops it.')}\n`);
    await stopped;
    process.stdout.write('Stopping: finishing the calls under way …\n');
  } finally {
    const letGo = holdProcess();
    await running?.close();
    await release();
    letGo();
  }
}
