import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { timeText } from './format.ts';
import { listOf, quotaText, ratesText, type RateTexts } from './price-view.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const EXAMPLES = `
Examples:
  modelyard subscribe acme/bot
  modelyard subscribe acme/bot --plan trial --keys app,ci
  modelyard subscriptions
  modelyard subscriptions keys acme/bot --all
  modelyard subscriptions accept acme/bot
  modelyard subscriptions cancel acme/bot`;
const SUBSCRIPTION = "its id, or the deployment's name";

/** `modelyard subscribe LISTING` */
export function addSubscribe(program: Command): void {
  remoteOptions(program.command('subscribe'))
    .description('agree to the terms of a listing, so that your keys may call it')
    .argument('<listing>', "its deployment's name, or its id")
    .option('--plan <name>', 'otherwise the only one that is open')
    .option('--keys <keys>', 'that may call by it: ids or names, separated by commas; otherwise all, also later ones')
    .addHelpText('after', EXAMPLES)
    .action(
      withSession(async (session: Session, listing: string, { plan, keys }: { plan?: string; keys?: string }) => {
        const body = { listing, ...(plan !== undefined && { plan }), ...(keys !== undefined && { keys: await keyIds(session, keys) }) };
        const made = await session.api.post('/api/v1/subscriptions', { body });
        const { task } = await session.api.get('/api/v1/listings/{id}', { params: { id: made.listing } });
        session.print(made, () => `Subscribed to ${made.deployment}, plan ${made.plan}: ${termsOf(made)}.${howToCall(made.deployment, task)}`);
      }),
    );
}

function howToCall(deployment: string, task: string | undefined): string {
  if (task === 'chat') return `\nCall it: modelyard chat --model ${deployment} "hello"`;
  if (task === 'embedding') return `\nCall it: modelyard embed ${deployment} "hello"`;
  return task === 'tensor' ? `\nCall it: modelyard predict ${deployment} FILE` : '';
}

/** `modelyard subscriptions …` */
export function addSubscriptions(program: Command): void {
  const subscriptions = program.command('subscriptions').description('what your organisation has subscribed to').addHelpText('after', EXAMPLES);
  remoteOptions(subscriptions.command('list', { isDefault: true }))
    .description('list subscriptions, the newest first')
    .option('--all', 'those that were cancelled too')
    .action(withSession(list));
  remoteOptions(subscriptions.command('cancel'))
    .description('end one: its calls are refused from now on')
    .argument('<subscription>', SUBSCRIPTION)
    .action(
      withSession(async (session: Session, name: string) => {
        const { id, deployment, plan } = await subscriptionOf(session, name);
        await session.api.delete('/api/v1/subscriptions/{id}', { params: { id } });
        session.print({ cancelled: id }, () => `Cancelled: ${deployment}, plan ${plan}.`);
      }),
    );
  remoteOptions(subscriptions.command('accept'))
    .description('take a price that is to come, now')
    .argument('<subscription>', SUBSCRIPTION)
    .action(
      withSession(async (session: Session, name: string) => {
        const { id } = await subscriptionOf(session, name);
        session.print(await session.api.post('/api/v1/subscriptions/{id}/accept', { params: { id }, body: {} }), (one) => `${one.deployment}, plan ${one.plan}: ${termsOf(one)}.`);
      }),
    );
  remoteOptions(subscriptions.command('keys'))
    .description('say which keys may call by one')
    .argument('<subscription>', SUBSCRIPTION)
    .option('--only <keys>', 'ids or names, separated by commas')
    .option('--all', 'all keys of the organisation, also later ones')
    .action(withSession(bind));
}

async function bind(session: Session, name: string, { only, all }: { only?: string; all?: boolean }): Promise<void> {
  if ((only === undefined) === (all === undefined)) throw new Fault('invalid_argument', 'which_keys', 'Say either --only with keys, or --all.');
  const { id } = await subscriptionOf(session, name);
  const body = only === undefined ? {} : { keys: await keyIds(session, only) };
  session.print(await session.api.put('/api/v1/subscriptions/{id}/keys', { params: { id }, body }), (one) => `${one.deployment} may be called by ${keysText(one.keys)}.`);
}

interface Shown {
  readonly price?: { readonly rates?: RateTexts; readonly problem?: string; readonly currency?: string };
  readonly quota?: { readonly unit: string; readonly limit: number; readonly used: number; readonly period: string };
}

function termsOf({ price, quota }: Shown): string {
  if (quota) return `${quota.used} used of ${quotaText(quota, quota.limit)}, free`;
  if (!price?.rates) return `no price: ${price?.problem ?? 'it is not there'}; calls are refused`;
  return `${ratesText(price.rates)} ${price.currency ?? ''}`.trimEnd();
}

function keysText(keys: readonly string[] | undefined): string {
  return keys === undefined ? 'all keys' : `${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`;
}

async function list({ api, print, columns }: Session, { all }: { all?: boolean }): Promise<void> {
  const { data } = await api.get('/api/v1/subscriptions');
  print(all ? data : data.filter(({ state }) => state === 'active'), (shown) => {
    if (shown.length === 0) return 'There are no subscriptions; "modelyard search" shows what there is.';
    const rows = shown.map((one) => [one.deployment, one.plan, one.state === 'active' ? keysText(one.keys) : one.state, timeText(one.createdAt).slice(0, 10), termsOf(one)]);
    const coming = shown.flatMap((one) => (one.next ? [paint('yellow', `${one.deployment}: ${ratesText(one.next.price?.rates ?? {})} from ${timeText(one.next.at)}`)] : []));
    return [table(['DEPLOYMENT', 'PLAN', 'FOR', 'SINCE', 'TERMS'], rows, columns), ...(coming.length > 0 ? ['', ...coming] : [])].join('\n');
  });
}

/** An active one by its id or deployment. @throws Fault when there is none, or there are several */
async function subscriptionOf({ api }: Session, name: string) {
  const { data } = await api.get('/api/v1/subscriptions');
  const meant = data.filter((one) => one.id === name || (one.deployment === name && one.state === 'active'));
  const [found] = meant;
  if (!found) throw new Fault('not_found', 'subscription_not_found', `There is no subscription "${name}".`);
  if (meant.length > 1)
    throw new Fault('invalid_argument', 'which_subscription', `There are several for ${name}; say its id: ${meant.map(({ id, plan }) => `${id} (${plan})`).join(', ')}.`);
  return found;
}

/** Ids of live keys by their ids or names. @throws Fault for one that is not there */
async function keyIds({ api }: Session, text: string): Promise<string[]> {
  const { data } = await api.get('/api/v1/keys');
  const live = data.filter(({ revokedAt, replacedBy }) => revokedAt === null && replacedBy === null);
  return listOf(text).flatMap((name) => {
    const found = live.filter((key) => key.id === name || key.name === name);
    if (found.length === 0) throw new Fault('not_found', 'key_not_found', `There is no live key "${name}" in this organisation.`);
    return found.map(({ id }) => id);
  });
}
