import type { ResultOf } from '@modelyard/sdk';
import type { Command } from 'commander';
import { bytesText } from './format.ts';
import { remoteOptions, withSession } from './session.ts';

interface GcFlags {
  readonly dryRun?: boolean;
  readonly now?: boolean;
}

const EXAMPLES = `
The server collects by itself; a file that nothing needs any more stays for a grace (a day, unless modelyard.yaml says otherwise).

Examples:
  modelyard blobs gc --dry-run
  modelyard blobs gc --now     # also what was needed until just now; never what somebody is about to publish`;

/** `modelyard blobs gc` */
export function addBlobs(program: Command): void {
  const blobs = program.command('blobs').description('the files of models');
  remoteOptions(blobs.command('gc'))
    .description('remove files that nothing needs')
    .option('--dry-run', 'say what would go, and remove nothing')
    .option('--now', 'without a grace')
    .addHelpText('after', EXAMPLES)
    .action(
      withSession(async ({ api, print }, { dryRun = false, now = false }: GcFlags) => {
        const query = { dryRun, ...(now && { graceSeconds: 0 }) };
        print(await api.post('/api/v1/gc', { query }), (report) => collected(report, dryRun));
      }),
    );
}

function collected({ blobs, bytes, partials, partialBytes, waiting, waitingBytes }: ResultOf<'post', '/api/v1/gc'>, dryRun: boolean): string {
  const did = dryRun ? 'Would remove' : 'Removed';
  const rest = waiting > 0 ? ` ${files(waiting)} more (${bytesText(waitingBytes)}) that nothing needs stay for now.` : '';
  const cut = partials > 0 ? `, and ${partials} unfinished uploads and downloads, ${bytesText(partialBytes)}` : '';
  return `${did} ${files(blobs)}, ${bytesText(bytes)}${cut}.${rest}`;
}

function files(count: number): string {
  return `${count} ${count === 1 ? 'file' : 'files'}`;
}
