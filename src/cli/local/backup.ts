import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backupHome, type BackupReport, restoreHome } from '../../app/backup.ts';
import { loadConfig } from '../../app/config.ts';
import { readEnvironment } from '../../app/env.ts';

const JSON_OPTION = ['--json', 'print JSON for programs'] as const;
const HOME_OPTION = ['--home <folder>', 'the home; otherwise MODELYARD_HOME, otherwise ~/.modelyard'] as const;

/** `modelyard backup FOLDER`: taken while the server runs. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('copy a home into a folder, while it is in use')
    .argument('<folder>', 'a folder that is not there yet')
    .option(...HOME_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', '\nExamples:\n  modelyard backup /backups/modelyard-monday')
    .action(async (folder: string, flags: { home?: string; json?: boolean }) => {
      const { home, databaseUrl } = loadConfig(flags, readEnvironment());
      const report = await backupHome(home, resolve(folder), databaseUrl);
      print(report, flags.json, `Copied ${home} to ${report.folder}: the database (${report.databaseBytes} bytes) and ${report.blobs} files.`);
    });
}

/** `modelyard restore FOLDER` */
export function addRestore(program: Command): void {
  program
    .command('restore')
    .description('make a home of a backup, after checking it')
    .argument('<folder>', 'what "modelyard backup" made')
    .option(...HOME_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', '\nExamples:\n  modelyard restore /backups/modelyard-monday --home ./restored')
    .action(async (folder: string, flags: { home?: string; json?: boolean }) => {
      const { home } = loadConfig(flags, readEnvironment());
      const report = await restoreHome(resolve(folder), home);
      print(report, flags.json, `Restored ${home}: the database passed its check, and so did ${report.blobs} files.`);
    });
}

function print(report: BackupReport, json: boolean | undefined, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(report, null, 2) : text}\n`);
}
