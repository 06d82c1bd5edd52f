import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { costText, ratesText } from './cost-view.ts';
import { moment } from './flags.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const HELP = `
Times are 2026-01-31, 2026-01-31T12:00Z, or back from now: 24h, 7d. They are
widened to whole hours.

Examples:
  modelyard cost
  modelyard cost --by tenant --since 7d
  modelyard cost --by day --since 2026-01-01 --until 2026-02-01 --json
  modelyard cost --rates`;

interface CostFlags {
  readonly by: 'model' | 'tenant' | 'day';
  readonly since?: string;
  readonly until?: string;
  readonly rates?: boolean;
}

/** `modelyard cost` */
export function addCost(program: Command): void {
  remoteOptions(program.command('cost'))
    .description('what it costs to run models')
    .option('--by <what>', 'model, tenant or day', 'model')
    .option('--since <time>', 'from then on (otherwise the last 30 days)')
    .option('--until <time>', 'up to then (otherwise now)')
    .option('--rates', 'print the rates in force, and which are defaults (operators)')
    .addHelpText('after', HELP)
    .action(withSession((session, flags: CostFlags) => (flags.rates ? printRates(session) : printCosts(session, flags))));
}

async function printCosts({ api, print, columns }: Session, { by, since, until }: CostFlags): Promise<void> {
  const now = systemClock.now();
  const query = { by, since: since === undefined ? undefined : moment(since, now, '--since'), until: until === undefined ? undefined : moment(until, now, '--until') };
  print(await api.get('/api/v1/costs', { query }), (report) => costText(report, columns));
}

async function printRates({ api, print, columns }: Session): Promise<void> {
  const { data } = await api.get('/api/v1/costs/rates');
  print(data, (rates) => ratesText(rates, columns));
}
