import type { Command } from 'commander';
import { table } from '../terminal.ts';
import { timeText } from './format.ts';
import { remoteOptions, withSession } from './session.ts';

type Role = 'operator' | 'publisher' | 'consumer';

/** `modelyard orgs …` */
export function addOrgs(program: Command): void {
  const orgs = program.command('orgs').description('list and make organisations').addHelpText('after', '\nExamples:\n  modelyard orgs create acme');
  remoteOptions(orgs.command('list', { isDefault: true }))
    .description('list organisations')
    .action(
      withSession(async ({ api, print, columns }) => {
        const { data } = await api.get('/api/v1/orgs');
        print(data, (rows) =>
          table(
            ['NAME', 'ID', 'MADE'],
            rows.map(({ name, id, createdAt }) => [name, id, timeText(createdAt)]),
            columns,
          ),
        );
      }),
    );
  remoteOptions(orgs.command('create'))
    .description('make an organisation')
    .argument('<name>')
    .action(
      withSession(async ({ api, print }, name: string) => {
        print(await api.post('/api/v1/orgs', { body: { name } }), ({ id }) => `Made ${name} (${id}).`);
      }),
    );
}

/** `modelyard members …` */
export function addMembers(program: Command): void {
  const members = program
    .command('members')
    .description('list, add and remove members')
    .addHelpText('after', '\nExamples:\n  modelyard members add ann --role publisher --org acme');
  remoteOptions(members.command('list', { isDefault: true }))
    .description('list members')
    .option('--org <name>')
    .action(
      withSession(async ({ api, print, columns }, { org }: { org?: string }) => {
        const { data } = await api.get('/api/v1/members', { query: { org } });
        print(data, (rows) =>
          table(
            ['NAME', 'ROLE', 'ID', 'SINCE'],
            rows.map(({ name, role, id, createdAt }) => [name, role, id, timeText(createdAt)]),
            columns,
          ),
        );
      }),
    );
  remoteOptions(members.command('add'))
    .description('add a member')
    .argument('<name>')
    .option('--role <role>', 'operator, publisher or consumer', 'consumer')
    .option('--org <name>')
    .action(
      withSession(async ({ api, print }, name: string, { role, org }: { role: Role; org?: string }) => {
        print(await api.post('/api/v1/members', { body: { name, role, ...(org !== undefined && { org }) } }), ({ id }) => `Added ${name} as ${role} (${id}).`);
      }),
    );
  remoteOptions(members.command('remove'))
    .description('remove a member')
    .argument('<id>')
    .option('--org <name>')
    .action(
      withSession(async ({ api, print }, id: string, { org }: { org?: string }) => {
        await api.delete('/api/v1/members/{id}', { params: { id }, query: { org } });
        print({ removed: id }, () => `Removed ${id}.`);
      }),
    );
}
