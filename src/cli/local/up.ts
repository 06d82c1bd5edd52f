import { join } from 'node:path';
import type { Command } from 'commander';
import { gatewaySettings, readConfigFile } from '../../app/config-file.ts';
import { databaseName } from '../../app/database.ts';
import { homeOf, loadConfig, parseRole } from '../../app/config.ts';
import { readEnvironment } from '../../app/env.ts';
import { type HomeFolder, homeFolder, openHome, readCredentials, writeCredentials } from '../../app/home.ts';
import { type Running, startModelyard } from '../../app/lifecycle.ts';
import { updateLock } from '../../app/lock.ts';
import { holdProcess } from '../../base/clock.ts';
import { createLogger } from '../../telemetry/log.ts';
import { paint, progressLine } from '../terminal.ts';
import { firstCall, MODEL } from './first-call.ts';
import { upGateway } from './up-gateway.ts';
import { untilStopped } from './until-stopped.ts';

interface UpFlags {
  readonly home?: string;
  readonly port?: string;
  readonly host?: string;
  readonly publicHost?: readonly string[];
  readonly trustedProxy?: readonly string[];
  readonly insecureHttp?: boolean;
  readonly role?: string;
  readonly name?: string;
  readonly once?: boolean;
  readonly starters: boolean;
}

const HELP = `
Examples:
  modelyard up                        start on http://127.0.0.1:8420 with the home ~/.modelyard
  modelyard up --once                 set up, make one real call, stop
  modelyard up --port 9000 --home .my start a second one beside it
  modelyard up --role gateway --name east --port 8421
                                      a gateway more on this home

Environment: MODELYARD_HOME, MODELYARD_PORT, MODELYARD_LOG_LEVEL (trace, debug, info, warn, error),
MODELYARD_DRAIN_DELAY (seconds between unready and stopping), MODELYARD_MEMORY_LIMIT (memory for all engines, such as 1.5GiB),
DATABASE_URL (a PostgreSQL database in the place of the home's own file).`;

/** `modelyard up`: everything from nothing to a served call. */
export function addUp(program: Command): void {
  program
    .command('up')
    .description('set up, start and make a first call')
    .option('--home <folder>', 'where everything is kept')
    .option('--port <number>', 'port to listen on (0: any free one)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--public-host <names...>', 'host names that clients call this server by')
    .option('--trusted-proxy <networks...>', 'proxies whose X-Forwarded headers are believed, such as 10.0.0.0/8')
    .option('--insecure-http', 'listen beyond loopback without TLS, on a network that is yours alone')
    .option('--role <role>', 'all, or gateway: a process that serves calls beside a server on the same home or database', 'all')
    .option('--name <name>', "a gateway's own name, the same at each start")
    .option('--no-starters', 'leave the starter models out')
    .option('--once', 'stop after the first call')
    .addHelpText('after', HELP)
    .action(up);
}

async function up(flags: UpFlags): Promise<void> {
  const environment = readEnvironment();
  const file = await readConfigFile(homeFolder(homeOf(flags, environment)).configFile);
  const config = { ...loadConfig(flags, environment, file.exposure), ...gatewaySettings(file) };
  const role = parseRole(flags);
  if (role.role === 'gateway') return upGateway(config, file, role.name);
  const planned = `http://${config.host}:${config.port}`;
  const { release } = await openHome(config.home, planned);
  const folder = homeFolder(config.home);
  // From the first: who is told to stop while it starts stops in order, once it has.
  const stopped = untilStopped();
  let running: Running | undefined;
  try {
    running = await startModelyard({
      config,
      file,
      folder,
      log: createLogger({ level: config.logLevel, file: join(folder.logs, 'modelyard.log') }),
      environment: environment.all,
    });
    await updateLock(config.home, running.url);
    const key = await login(folder.credentials, running);
    // Last: whoever reads this line finds the login there.
    process.stdout.write(`${paint('bold', 'Modelyard')} serves on ${paint('cyan', running.url)}\n`);
    if (config.databaseUrl !== undefined) process.stdout.write(`Its database is ${databaseName(config.databaseUrl)}\n`);
    await serve(running, { key, folder, flags, environment: environment.all, stopped, isEncrypted: config.exposure.tls !== undefined });
    if (!flags.once) await stopped;
    process.stdout.write('Stopping: finishing the calls under way …\n');
  } finally {
    const letGo = holdProcess();
    await running?.close();
    await release();
    letGo();
  }
}

/** The CLI's own login. Written at the first boot; its address is kept right after that. */
async function login(file: string, { url, operatorKey }: Running): Promise<string | undefined> {
  const known = await readCredentials(file);
  const key = operatorKey ?? known?.key;
  if (key !== undefined && (operatorKey !== undefined || known?.url !== url)) await writeCredentials(file, { url, key });
  return key;
}

interface Serve {
  readonly key: string | undefined;
  readonly folder: HomeFolder;
  readonly flags: UpFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stopped: Promise<void>;
  /** By a certificate for a public name, which may not lead back here: who set that up makes the first call. */
  readonly isEncrypted: boolean;
}

/** Sets up and makes the first call. Once a home has been set up, a starter or a call that fails is told and the server serves on. */
async function serve(running: Running, { key, folder, flags, environment, stopped, isEncrypted }: Serve): Promise<void> {
  const { url } = running;
  const { provideStarters, startersDone } = await import('../../app/starters.ts');
  const abort = new AbortController();
  void stopped.then(() => abort.abort());
  if (flags.starters) {
    const line = progressLine(process.stdout);
    const isSetUp = await startersDone(folder);
    const told = async (work: () => Promise<void>) =>
      work().catch((error: unknown) => {
        if (!isSetUp || flags.once) throw error;
        line.done(`${paint('yellow', '!')} ${(error as Error).message}`);
      });
    await told(() => provideStarters(running, { folder, environment, signal: abort.signal, progress: (text) => line.update(text), done: (text) => line.done(text) }));
    const chats = running.control.deployments.list(running.operator).some(({ name }) => name === MODEL);
    if (key !== undefined && chats && !isEncrypted) await told(async () => void process.stdout.write(await firstCall({ url, key, credentials: folder.credentials })));
  }
  if (key === undefined) {
    process.stdout.write(`The operator key of this home is not in ${folder.credentials}; make a new one with: modelyard keys reset-operator --home ${folder.path}\n`);
  }
  if (!flags.once) process.stdout.write(`\n${paint('dim', 'Ctrl-C stops it.')}\n`);
}
