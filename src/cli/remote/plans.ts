import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { defined, wholeCount } from './flags.ts';
import { timeText } from './format.ts';
import { oneOf, planText, type RateFlags, rateOptions, ratesOfFlags, ratesText } from './price-view.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const UNITS = ['requests', 'tokens'] as const;
const PERIODS = ['day', 'month', 'total'] as const;

interface PlanFlags extends RateFlags {
  readonly free?: number;
  readonly unit: (typeof UNITS)[number];
  readonly per: (typeof PERIODS)[number];
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
}

const LISTING = "its deployment's name, or its id";

/** `modelyard listings {add-plan,price,prices,open-plan,close-plan}` */
export function addPlanCommands(listings: Command): void {
  rateOptions(remoteOptions(listings.command('add-plan')))
    .description('add terms on which it can be subscribed to')
    .argument('<listing>', LISTING)
    .argument('<name>', 'such as standard or trial')
    .option('--free <amount>', 'a free plan: so many are free, and no more', wholeCount)
    .option('--unit <unit>', 'of --free: requests or tokens', oneOf(UNITS, '--unit'), 'requests')
    .option('--per <period>', 'of --free: day, month or total', oneOf(PERIODS, '--per'), 'month')
    .option('--requests-per-minute <number>', 'of each key of a subscription', wholeCount)
    .option('--tokens-per-minute <number>', 'of each key of a subscription', wholeCount)
    .option('--concurrency <number>', 'calls at once of each key of a subscription', wholeCount)
    .action(withSession(add));
  rateOptions(remoteOptions(listings.command('price')))
    .description("change a plan's price: for new subscriptions at once, for others after notice if it rises")
    .argument('<listing>', LISTING)
    .option('--plan <name>', 'otherwise the only one that is paid for')
    .option('--confirm', 'more than ten times as much, or less than a tenth, is meant')
    .action(withSession(price));
  remoteOptions(listings.command('prices'))
    .description("list all versions of a plan's price")
    .argument('<listing>', LISTING)
    .option('--plan <name>', 'otherwise the only one that is paid for')
    .action(withSession(prices));
  for (const [command, open, does] of [
    ['open-plan', true, 'take new subscriptions to a plan'],
    ['close-plan', false, 'take no new subscriptions to a plan'],
  ] as const) {
    remoteOptions(listings.command(command))
      .description(does)
      .argument('<listing>', LISTING)
      .argument('<plan>', 'its name')
      .action(
        withSession(async (session: Session, listing: string, name: string) => {
          const { id } = await planOf(session, listing, name);
          session.print(await session.api.patch('/api/v1/plans/{id}', { params: { id }, body: { open } }), () => `${name} is ${open ? 'open' : 'closed'}.`);
        }),
      );
  }
}

async function add({ api, print }: Session, id: string, name: string, flags: PlanFlags): Promise<void> {
  const { free, unit, per, requestsPerMinute, tokensPerMinute, concurrency } = flags;
  const limits = defined({ requestsPerMinute, tokensPerMinute, concurrency });
  const rates = ratesOfFlags(flags);
  const terms =
    free === undefined ? { kind: 'pay_per_use' as const, ...(rates && { rates }) } : { kind: 'free' as const, quota: { unit, amount: free, period: per }, ...(rates && { rates }) };
  const plan = await api.post('/api/v1/listings/{id}/plans', { params: { id }, body: { name, ...terms, ...(Object.keys(limits).length > 0 && { limits }) } });
  print(plan, () => `Added: ${name}, ${planText(plan)}.\nWhen all is there: modelyard listings submit ${id}`);
}

/** @throws Fault when there is no such plan, or it is not clear which is meant */
async function planOf({ api }: Session, listing: string, name: string | undefined) {
  const { plans } = await api.get('/api/v1/listings/{id}', { params: { id: listing } });
  const meant = plans.filter((plan) => (name === undefined ? plan.kind === 'pay_per_use' && plan.open : plan.name === name));
  const [plan] = meant;
  if (!plan) throw new Fault('not_found', 'plan_not_found', `"${listing}" has no ${name === undefined ? 'open plan that is paid for' : `plan "${name}"`}.`);
  if (meant.length > 1) throw new Fault('invalid_argument', 'which_plan', `Say with --plan which: ${meant.map((one) => one.name).join(', ')}.`);
  return plan;
}

async function price(session: Session, listing: string, flags: RateFlags & { readonly plan?: string; readonly confirm?: boolean }): Promise<void> {
  const rates = ratesOfFlags(flags);
  if (!rates) throw new Fault('invalid_argument', 'no_rates', 'Say what it is to cost, such as --input 0.50 --output 1.50; a rate that is left out is none.');
  const { id, name } = await planOf(session, listing, flags.plan);
  const made = await session.api.put('/api/v1/plans/{id}/price', { params: { id }, body: { rates, ...(flags.confirm && { confirm: true }) } });
  session.print(made, ({ price: { number, rates: now = {}, currency = '' }, movedNow, movedLater, effectiveAt, warning }) =>
    [
      `${name}, version ${number}: ${ratesText(now)} ${currency}.`,
      `In force for new subscriptions and ${movedNow} of those that there are${effectiveAt === undefined ? '' : `; for ${movedLater} from ${timeText(effectiveAt)}`}.`,
      ...(warning === undefined ? [] : [paint('yellow', warning)]),
    ].join('\n'),
  );
}

async function prices(session: Session, listing: string, { plan }: { readonly plan?: string }): Promise<void> {
  const { id } = await planOf(session, listing, plan);
  const { data } = await session.api.get('/api/v1/plans/{id}/prices', { params: { id } });
  session.print(data, (all) =>
    table(
      ['VERSION', 'SINCE', 'PRICE'],
      all.map(({ number, createdAt, rates, problem, currency = '' }) => [
        number,
        timeText(createdAt),
        problem === undefined ? `${ratesText(rates ?? {})} ${currency}` : `no price: ${problem}`,
      ]),
      session.columns,
    ),
  );
}
