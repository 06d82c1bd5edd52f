import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { timeText } from './format.ts';
import { writeLogin } from './login-file.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

type Role = 'operator' | 'publisher' | 'consumer';

interface CreateFlags {
  readonly org?: string;
  readonly role?: Role;
  readonly models?: string;
  readonly days?: string;
  readonly requestsPerMinute?: string;
  readonly tokensPerMinute?: string;
  readonly concurrency?: string;
}

const DAY_MS = 86_400_000;
const EXAMPLES = `
Examples:
  modelyard keys create ci --role consumer --days 30
  modelyard keys create app --models smollm2-135m-instruct --requests-per-minute 60
  modelyard keys rotate KEY_ID --overlap 3600
  modelyard keys reset-operator --home ~/.modelyard    (offline, when the operator's key is lost)`;

/** `modelyard keys …`; `addOffline` adds what works on a home without a server. */
export function addKeys(program: Command, addOffline: (keys: Command) => void): void {
  const keys = program.command('keys').description('list, make, rotate and revoke keys').addHelpText('after', EXAMPLES);
  remoteOptions(keys.command('list', { isDefault: true }))
    .description('list keys')
    .option('--org <name>', 'of another organisation')
    .action(withSession(list));
  remoteOptions(keys.command('create'))
    .description('make a key; it is shown once')
    .argument('<name>')
    .option('--org <name>', 'for another organisation')
    .option('--role <role>', 'operator, publisher or consumer', 'consumer')
    .option('--models <names>', 'only these models, separated by commas')
    .option('--days <number>', 'days until it expires')
    .option('--requests-per-minute <number>')
    .option('--tokens-per-minute <number>')
    .option('--concurrency <number>', 'calls at once')
    .action(withSession(create));
  remoteOptions(keys.command('rotate'))
    .description('make a new key with the same rights')
    .argument('<id>')
    .option('--overlap <seconds>', 'how long the old one stays good', '0')
    .action(withSession(rotate));
  remoteOptions(keys.command('revoke'))
    .description('refuse a key from now on')
    .argument('<id>')
    .action(
      withSession(async ({ api, print }, id: string) => {
        await api.delete('/api/v1/keys/{id}', { params: { id } });
        print({ revoked: id }, () => `Revoked ${id}.`);
      }),
    );
  addOffline(keys);
}

async function rotate(session: Session, id: string, { overlap }: { overlap: string }): Promise<void> {
  const { keyId } = await session.api.get('/api/v1/whoami');
  const made = await session.api.post('/api/v1/keys/{id}/rotate', { params: { id }, body: { overlapSeconds: number(overlap, '--overlap') } });
  // The login that the commands use goes on with the new key.
  if (keyId === id && session.loginFile !== undefined) await writeLogin(session.loginFile, { url: session.url, key: made.key });
  show(session, made);
}

async function list({ api, print, columns }: Session, { org }: { org?: string }): Promise<void> {
  const { data } = await api.get('/api/v1/keys', { query: { org } });
  print(data, (keys) =>
    table(
      ['ID', 'NAME', 'KEY', 'SCOPES', 'MODELS', 'MADE', 'EXPIRES', 'STATE'],
      keys.map((key) => [
        key.id,
        key.name,
        `${key.prefix}…${key.last4}`,
        key.scopes.join(' '),
        key.allowedModels?.join(' ') ?? 'all',
        timeText(key.createdAt),
        timeText(key.expiresAt),
        key.revokedAt === null ? (key.replacedBy === null ? 'live' : 'replaced') : 'revoked',
      ]),
      columns,
    ),
  );
}

async function create(session: Session, name: string, flags: CreateFlags): Promise<void> {
  const limits = {
    ...(flags.requestsPerMinute !== undefined && { requestsPerMinute: number(flags.requestsPerMinute, '--requests-per-minute') }),
    ...(flags.tokensPerMinute !== undefined && { tokensPerMinute: number(flags.tokensPerMinute, '--tokens-per-minute') }),
    ...(flags.concurrency !== undefined && { concurrency: number(flags.concurrency, '--concurrency') }),
  };
  const body = {
    name,
    limits,
    role: flags.role ?? 'consumer',
    ...(flags.org !== undefined && { org: flags.org }),
    ...(flags.models !== undefined && { allowedModels: flags.models.split(',') }),
    ...(flags.days !== undefined && { expiresAt: systemClock.now() + number(flags.days, '--days') * DAY_MS }),
  };
  show(session, await session.api.post('/api/v1/keys', { body }));
}

function number(text: string, flag: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new Fault('invalid_argument', 'bad_number', `${flag} takes a whole number, not "${text}".`);
  return Number(text);
}

function show({ print }: Session, made: { key: string; details: { id: string } }): void {
  print(made, ({ key, details }) => `${paint('bold', key)}\n\nThis is the only time that the key ${details.id} is shown; keep it now.`);
}
