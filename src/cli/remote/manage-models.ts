import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { remoteOptions, withSession } from './session.ts';

/** `modelyard rm NAME[:N]` */
export function addRm(program: Command): void {
  remoteOptions(program.command('rm'))
    .description('remove a model, or one version of it')
    .argument('<name>', 'NAME or NAME:VERSION')
    .addHelpText('after', '\nExamples:\n  modelyard rm acme/ocr:1\n\nThe bytes go when their grace is over, or with "modelyard blobs gc --now".')
    .action(
      withSession(async ({ api, print }, name: string) => {
        await api.delete('/api/v1/models/{name}', { params: { name } });
        print({ removed: name }, () => `Removed ${name}.`);
      }),
    );
}

/** `modelyard label NAME:N LABEL` */
export function addLabel(program: Command): void {
  remoteOptions(program.command('label'))
    .description('move a label to a version')
    .argument('<version>', 'NAME:VERSION')
    .argument('<label>', 'for example stable or candidate')
    .addHelpText('after', '\nExamples:\n  modelyard label acme/ocr:2 stable')
    .action(
      withSession(async ({ api, print }, text: string, label: string) => {
        const [, name, version] = /^(.+):(\d+)$/.exec(text) ?? [];
        if (name === undefined) throw new Fault('invalid_argument', 'bad_version', `"${text}" names no version; write NAME:VERSION, for example acme/ocr:2.`);
        await api.put('/api/v1/models/{name}/labels', { params: { name }, body: { label, version: Number(version) } });
        print({ name, version: Number(version), label }, () => `${name}@${label} is now version ${version}.`);
      }),
    );
}
