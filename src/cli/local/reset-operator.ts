import type { Command } from 'commander';
import { readEnvironment } from '../../app/env.ts';
import { loadConfig } from '../../app/config.ts';
import { resetOperatorKey } from '../../app/offline.ts';
import { paint } from '../terminal.ts';

/** `modelyard keys reset-operator`: works on a home that no server is using. */
export function addResetOperator(keys: Command): void {
  keys
    .command('reset-operator')
    .description('make a new operator key when the old one is lost (offline)')
    .option('--home <folder>', 'the home; otherwise MODELYARD_HOME, otherwise ~/.modelyard')
    .action(async (flags: { home?: string }) => {
      const config = loadConfig(flags, readEnvironment());
      const { key, credentials } = await resetOperatorKey(config);
      process.stdout.write(`${paint('bold', key)}\n\nThe operator keys before it are revoked. This one is also in ${credentials}.\n`);
    });
}
