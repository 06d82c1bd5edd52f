import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { table } from '../terminal.ts';
import { defined } from './flags.ts';
import { timeText } from './format.ts';
import { listOf, oneOf } from './price-view.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const PERIODS = ['day', 'month', 'total'] as const;

interface SetFlags {
  readonly per: (typeof PERIODS)[number];
  readonly key?: string;
  readonly alertOnly?: boolean;
  readonly hard?: boolean;
  readonly alerts?: string;
}

const EXAMPLES = `
Examples:
  modelyard budget set 250 --per month
  modelyard budget set 5 --per day --key app
  modelyard budget set 100 --per month --key ci --alert-only --alerts 50,80,100
  modelyard budget
  modelyard budget rm BUDGET_ID`;

/** `modelyard budget …` */
export function addBudget(program: Command): void {
  const budget = program.command('budget').description('how much may be spent, by your organisation or a key').addHelpText('after', EXAMPLES);
  remoteOptions(budget.command('list', { isDefault: true }))
    .description('list budgets with what was spent of them')
    .action(withSession(list));
  remoteOptions(budget.command('set'))
    .description('set a budget, or change the one of the same key and period')
    .argument('<amount>', 'of the currency')
    .option('--per <period>', 'day, month or total; days and months begin at midnight UTC', oneOf(PERIODS, '--per'), 'month')
    .option('--key <key>', 'of one key: its id or name; otherwise of the whole organisation')
    .option('--alert-only', 'alert, and refuse nothing')
    .option('--hard', 'refuse calls beyond it: so it is unless told otherwise')
    .option('--alerts <percents>', 'shares that are told of, separated by commas; 80,100 unless told otherwise')
    .addHelpText('after', EXAMPLES)
    .action(withSession(set));
  remoteOptions(budget.command('rm'))
    .description('remove a budget')
    .argument('<id>')
    .action(
      withSession(async ({ api, print }: Session, id: string) => {
        await api.delete('/api/v1/budgets/{id}', { params: { id } });
        print({ removed: id }, () => `Removed ${id}.`);
      }),
    );
}

async function list({ api, print, columns }: Session): Promise<void> {
  const { data } = await api.get('/api/v1/budgets');
  const { data: keys } = data.some(({ key }) => key !== undefined) ? await api.get('/api/v1/keys') : { data: [] };
  print(data, (all) => {
    if (all.length === 0) return 'There are no budgets; "modelyard budget set --help" shows how to set one.';
    const nameOf = (key: string | undefined) => (key === undefined ? 'organisation' : (keys.find(({ id }) => id === key)?.name ?? key));
    const rows = all.map((one) => [
      one.id,
      nameOf(one.key),
      `${one.limit}/${one.period}`,
      one.used,
      one.leased,
      one.hard ? 'hard' : 'alerts',
      one.until === undefined ? '' : timeText(one.until),
    ]);
    return table(['ID', 'OF', 'LIMIT', 'USED', 'HELD', 'KIND', 'UNTIL'], rows, columns);
  });
}

async function set({ api, print }: Session, limit: string, { per: period, key: name, alertOnly, hard, alerts }: SetFlags): Promise<void> {
  const key =
    name === undefined
      ? undefined
      : (await api.get('/api/v1/keys')).data.find((one) => one.id === name || (one.name === name && one.revokedAt === null && one.replacedBy === null))?.id;
  if (name !== undefined && key === undefined) throw new Fault('not_found', 'key_not_found', `There is no live key "${name}" in this organisation.`);
  const { orgId } = await ownOrg(api);
  const known = (await api.get('/api/v1/budgets')).data.find((one) => one.orgId === orgId && one.key === key && one.period === period);
  const more = defined({ hard: alertOnly ? false : hard, alertPercents: alerts === undefined ? undefined : listOf(alerts).map(Number) });
  const made = known
    ? await api.patch('/api/v1/budgets/{id}', { params: { id: known.id }, body: { limit, ...more } })
    : await api.post('/api/v1/budgets', { body: { limit, period, ...more, ...(key !== undefined && { key }) } });
  const at = made.alertPercents.length > 0 ? `, alerts at ${made.alertPercents.map((percent) => `${percent} %`).join(' and ')}` : '';
  print(made, () => `${name ?? 'The organisation'} may spend ${made.limit} a ${period}${made.hard ? '' : ', and more with an alert'}${at}; ${made.used} is spent.`);
}

/** The organisation of the key that asks: an operator sees other budgets too. */
async function ownOrg(api: Session['api']): Promise<{ readonly orgId: string }> {
  const [{ keyId }, { data }] = await Promise.all([api.get('/api/v1/whoami'), api.get('/api/v1/keys')]);
  return { orgId: data.find(({ id }) => id === keyId)?.orgId ?? '' };
}
