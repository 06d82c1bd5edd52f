import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { defined, wholeNumber } from './flags.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

interface SetFlags {
  readonly availability: number;
  readonly latency?: number;
  readonly share: number;
  readonly days?: number;
}

const EXAMPLES = `
Examples:
  modelyard slo
  modelyard slo set smollm2-135m-instruct --availability 99.5 --latency 2000 --share 99
  modelyard slo remove smollm2-135m-instruct`;

/** `modelyard slo …` */
export function addSlo(program: Command): void {
  const slo = program.command('slo').description('what deployments promise, and how they keep it').addHelpText('after', EXAMPLES);
  remoteOptions(slo.command('list', { isDefault: true }))
    .description('list objectives with what is left of their error budgets and how fast they burn')
    .action(withSession(list));
  remoteOptions(slo.command('set'))
    .description("set a deployment's objective")
    .argument('<name>')
    .requiredOption('--availability <percent>', 'of calls that do not fail, such as 99.5', percent)
    .option('--latency <ms>', 'within which calls end', wholeNumber)
    .option('--share <percent>', 'of calls that end within --latency', percent, 0.99)
    .option('--days <number>', 'of the error budget; 30 unless told otherwise', wholeNumber)
    .addHelpText('after', EXAMPLES)
    .action(withSession(set));
  remoteOptions(slo.command('remove'))
    .description("remove a deployment's objective")
    .argument('<name>')
    .action(
      withSession(async ({ api, print }: Session, name: string) => {
        await api.delete('/api/v1/deployments/{name}/slo', { params: { name } });
        print({ removed: name }, () => `${name} promises nothing any more.`);
      }),
    );
}

async function list({ api, print, columns }: Session): Promise<void> {
  const { data } = await api.get('/api/v1/slos');
  print(data, (all) => {
    if (all.length === 0) return 'No deployment has an objective; "modelyard slo set --help" shows how to give it one.';
    const rows = all.map((slo) => [
      slo.deployment,
      percentText(slo.availability),
      leftText(slo.budgetLeft.availability),
      slo.latency ? `${percentText(slo.latency.share)} < ${slo.latency.ms}ms` : '',
      slo.budgetLeft.latency === undefined ? '' : leftText(slo.budgetLeft.latency),
      ...slo.burnRates.map(({ rate }) => rate.toFixed(1)),
      slo.calls,
    ]);
    const [first] = all;
    const burning = all.flatMap(({ deployment, burnRates }) =>
      burnRates
        .filter(({ rate, pageAbove }) => rate > pageAbove)
        .map(({ windows, rate, pageAbove }) => `${deployment} burns at ${rate.toFixed(1)} over ${windows}, above ${pageAbove}`),
    );
    const headings = ['DEPLOYMENT', 'UP', 'LEFT', 'LATENCY', 'LEFT', ...(first?.burnRates ?? []).map(({ windows }) => `BURN ${windows}`), 'CALLS'];
    return [table(headings, rows, columns), ...(burning.length > 0 ? ['', ...burning.map((line) => paint('red', line))] : [])].join('\n');
  });
}

async function set({ api, print }: Session, name: string, { availability, latency, share, days }: SetFlags): Promise<void> {
  const body = { availability, ...defined({ windowDays: days, latency: latency === undefined ? undefined : { ms: latency, share } }) };
  const slo = await api.put('/api/v1/deployments/{name}/slo', { params: { name }, body });
  print(slo, () => {
    const fast = slo.latency ? `, ${percentText(slo.latency.share)} of them within ${slo.latency.ms} ms` : '';
    return `${name} promises that ${percentText(slo.availability)} of calls do not fail${fast}, over ${slo.windowDays} days.\nWatch it: modelyard alerts add burning --metric burn_rate --windows 1h/5m --above 14.4`;
  });
}

function percentText(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

function leftText(left: number): string {
  return `${Math.round(left * 100)}%`;
}

/** @throws Fault unless the text is a percentage between 0 and 100 */
function percent(text: string): number {
  const value = /^\d{1,2}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (!(value > 0)) throw new Fault('invalid_argument', 'bad_percent', `"${text}" is not a percentage between 0 and 100, such as 99.5.`);
  return Number((value / 100).toFixed(9));
}
