import type { Command } from 'commander';
import { loadConfig } from '../../app/config.ts';
import { parseDatabaseUrl } from '../../app/database.ts';
import { readEnvironment } from '../../app/env.ts';
import { migrateHome } from '../../app/migrate.ts';

const HELP = `
The home must not be in use, and stays as it is. From then on, start the server with DATABASE_URL.
A password that is not to be seen in the list of processes can be given as PGPASSWORD.

Examples:
  modelyard migrate --to postgres://modelyard:secret@localhost:5432/modelyard`;

/** `modelyard migrate --to URL`: from a home's own database file to PostgreSQL. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description("copy a home's database into PostgreSQL, and compare the two")
    .requiredOption('--to <url>', 'an empty PostgreSQL database: postgres://user:password@host:5432/name')
    .option('--home <folder>', 'the home; otherwise MODELYARD_HOME, otherwise ~/.modelyard')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', HELP)
    .action(async (flags: { to: string; home?: string; json?: boolean }) => {
      const { home } = loadConfig(flags.home === undefined ? {} : { home: flags.home }, readEnvironment());
      const report = await migrateHome(home, parseDatabaseUrl(flags.to, '--to'));
      if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else {
        const { database, tables, transactions, headHash, accounts } = report;
        const width = Math.max(...tables.map(({ table }) => table.length));
        for (const { table, rows } of tables) process.stdout.write(`${table.padEnd(width)}  ${rows}\n`);
        process.stdout.write(
          `\nCopied to ${database}: the same rows, the same ${accounts} balances, and a book of ${transactions} transactions without a fault,\nwhich ends with ${headHash} in both.\n`,
        );
      }
    });
}
