import type { Command } from 'commander';
import { table } from '../terminal.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

/** `modelyard gateways list|abandon` */
export function addGateways(program: Command): void {
  const gateways = program.command('gateways').description('processes that serve calls, and the credit that they hold (operators)');
  remoteOptions(gateways.command('list', { isDefault: true }))
    .description('list them')
    .action(
      withSession(async ({ api, print, columns }: Session) => {
        const { data } = await api.get('/api/v1/gateways');
        const rows = data.map(({ name, epoch, startedAt, seenAt, leases, held }) => [name, epoch, timeText(startedAt), timeText(seenAt), leases, held]);
        print(data, () => table(['NAME', 'RUN', 'STARTED', 'SEEN', 'LEASES', 'HELD'], rows, columns));
      }),
    );
  remoteOptions(gateways.command('abandon'))
    .description('take back the credit of one that will not come back; calls of it that turn up later are charged to the wallet, or owed')
    .argument('<name>')
    .option('--force', 'although it was seen within the last minute')
    .action(
      withSession(async ({ api, print }: Session, name: string, { force = false }: { force?: boolean }) =>
        print(await api.post('/api/v1/gateways/{name}/abandon', { params: { name }, body: { force } }), ({ leases }) => `${leases} leases of ${name} were taken back.`),
      ),
    );
  gateways.addHelpText('after', '\nExamples:\n  modelyard gateways\n  modelyard gateways abandon edge-2');
}
