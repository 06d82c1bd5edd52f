import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { defined } from './flags.ts';
import { timeText } from './format.ts';
import { addPlanCommands } from './plans.ts';
import { listOf, oneOf, planText } from './price-view.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

interface TextFlags {
  readonly title?: string;
  readonly summary?: string;
  readonly card?: string;
  readonly licence?: string;
  readonly tags?: string;
  readonly public?: boolean;
  readonly private?: boolean;
  readonly for?: string;
}

const STATES = ['draft', 'pending', 'listed', 'rejected', 'withdrawn'] as const;
const EXAMPLES = `
Examples:
  modelyard listings create acme/bot --title "A helpful bot" --tags chat,support --public
  modelyard listings add-plan acme/bot standard --input 0.50 --output 1.50
  modelyard listings add-plan acme/bot trial --free 100 --unit requests --per day
  modelyard listings submit acme/bot
  modelyard listings price acme/bot --input 0.40 --output 1.20
  modelyard listings --state pending               (operators: what waits for approval)
  modelyard listings approve acme/bot --share 80`;

/** `modelyard listings …` */
export function addListings(program: Command): void {
  const listings = program.command('listings').description('what your organisation sells').addHelpText('after', EXAMPLES);
  remoteOptions(listings.command('list', { isDefault: true }))
    .description("list your organisation's listings; operators see all")
    .option('--state <state>', STATES.join(', '), oneOf(STATES, '--state'))
    .action(withSession(list));
  remoteOptions(listings.command('show')).description('show one, with its plans and its card').argument('<listing>', LISTING).action(withSession(show));
  remoteOptions(listings.command('subscribers')).description('who has subscribed to one').argument('<listing>', LISTING).action(withSession(subscribers));
  textOptions(remoteOptions(listings.command('create')))
    .description('offer a deployment; a draft until it is submitted')
    .argument('<deployment>')
    .addHelpText('after', EXAMPLES)
    .action(withSession(create));
  textOptions(remoteOptions(listings.command('edit')))
    .description('change what a listing says, or who sees it')
    .argument('<listing>', LISTING)
    .action(withSession(edit));
  addPlanCommands(listings);
  addMoves(listings);
}

async function subscribers({ api, print, columns }: Session, listing: string): Promise<void> {
  print(await api.get('/api/v1/listings/{id}/subscriptions', { params: { id: listing } }), ({ data }) => {
    if (data.length === 0) return `Nobody has subscribed to ${listing} yet.`;
    return table(
      ['ORGANISATION', 'PLAN', 'STATE', 'SINCE'],
      data.map(({ org, plan, state, createdAt }) => [org, plan, state, timeText(createdAt)]),
      columns,
    );
  });
}

const LISTING = "its deployment's name, or its id";

function textOptions(command: Command): Command {
  return command
    .option('--title <text>')
    .option('--summary <text>', 'a sentence or two, for search')
    .option('--card <file>', 'Markdown; otherwise what the model version has')
    .option('--licence <name>', 'otherwise that of the model version')
    .option('--tags <words>', 'separated by commas')
    .option('--public', 'for everybody, once an operator has approved it')
    .option('--private', 'for those of --for only, at once')
    .option('--for <organisations>', 'that see it while it is private, separated by commas');
}

async function readCard(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new Fault('not_found', 'no_file', `The card ${file} can not be read: ${error.message}.`);
  });
}

async function bodyOf({ title, summary, card, licence, tags, public: isPublic, private: isPrivate, for: visibleTo }: TextFlags) {
  return defined({
    title,
    summary,
    licence,
    card: card === undefined ? undefined : await readCard(card),
    tags: tags === undefined ? undefined : listOf(tags),
    visibility: isPublic ? ('public' as const) : isPrivate ? ('private' as const) : undefined,
    visibleTo: visibleTo === undefined ? undefined : listOf(visibleTo),
  });
}

async function create({ api, print }: Session, deployment: string, flags: TextFlags): Promise<void> {
  const listing = await api.post('/api/v1/listings', { body: { deployment, ...(await bodyOf(flags)) } });
  print(listing, () => `${deployment} has a listing, a draft. Give it a plan:\n  modelyard listings add-plan ${deployment} standard --input 0.50 --output 1.50`);
}

async function edit({ api, print }: Session, id: string, flags: TextFlags): Promise<void> {
  print(await api.patch('/api/v1/listings/{id}', { params: { id }, body: await bodyOf(flags) }), ({ deployment, state }) => `Changed: ${deployment}, ${state}.`);
}

async function list({ api, print, columns }: Session, { state }: { state?: (typeof STATES)[number] }): Promise<void> {
  const { data } = await api.get('/api/v1/listings', { query: { state } });
  print(data, (all) => {
    if (all.length === 0) return 'There are no listings; "modelyard listings create --help" shows how to make one.';
    const rows = all.map((listing) => [
      listing.deployment,
      listing.state,
      listing.visibility,
      listing.plans
        .filter(({ open }) => open)
        .map((plan) => `${plan.name}: ${planText(plan)}`)
        .join('; '),
    ]);
    const rejected = all.filter((listing) => listing.state === 'rejected').map((listing) => paint('red', `${listing.deployment} was rejected: ${listing.own?.reason ?? ''}`));
    return [table(['DEPLOYMENT', 'STATE', 'FOR', 'PLANS'], rows, columns), ...(rejected.length > 0 ? ['', ...rejected] : [])].join('\n');
  });
}

async function show({ api, print, columns }: Session, id: string): Promise<void> {
  const found = await api.get('/api/v1/listings/{id}', { params: { id } });
  print(found, (listing) => {
    const { own, plans } = listing;
    const margin = own?.margin;
    const forWhom = listing.visibility === 'private' && own ? ` for ${own.visibleTo.join(', ') || 'nobody yet'}` : '';
    return [
      paint('bold', listing.title),
      ...(listing.summary === '' ? [] : [listing.summary]),
      `${listing.deployment} · ${listing.task ?? 'not deployed'} · ${listing.licence} · ${listing.visibility}${forWhom} · ${listing.state} since ${timeText(listing.updatedAt)}`,
      ...(listing.tags.length > 0 ? [listing.tags.map((tag) => `#${tag}`).join(' ')] : []),
      ...(own?.publisherShareBasisPoints === undefined ? [] : [`The publisher gets ${own.publisherShareBasisPoints / 100} % of what is charged, after tax.`]),
      ...(own && own.reason !== '' ? [paint('red', `Rejected: ${own.reason}`)] : []),
      '',
      plans.length === 0
        ? 'It has no plan.'
        : table(
            ['PLAN', 'PRICE', 'VERSION', 'STATE'],
            plans.map((plan) => [plan.name, planText(plan), plan.price?.number ?? '', plan.open ? 'open' : 'closed']),
            columns,
          ),
      ...(margin?.margin === undefined ? [] : ['', `Margin: ${margin.margin} of ${margin.price} per ${margin.per.replace('_', ' ')}`]),
      ...(margin?.warning === undefined ? [] : [paint('yellow', margin.warning)]),
      ...(listing.card === '' ? [] : ['', listing.card]),
    ].join('\n');
  });
}

function addMoves(listings: Command): void {
  const said = ({ deployment, state }: { deployment: string; state: string }) =>
    state === 'pending' ? `${deployment} waits for an operator's approval.` : `${deployment} is ${state}.`;
  remoteOptions(listings.command('submit'))
    .description('put it on the market: a public one for approval, a private one at once')
    .argument('<listing>', LISTING)
    .action(withSession(async ({ api, print }: Session, id: string) => print(await api.post('/api/v1/listings/{id}/submit', { params: { id }, body: {} }), said)));
  remoteOptions(listings.command('withdraw'))
    .description('take it off the market; who has subscribed may go on')
    .argument('<listing>', LISTING)
    .action(withSession(async ({ api, print }: Session, id: string) => print(await api.post('/api/v1/listings/{id}/withdraw', { params: { id }, body: {} }), said)));
  remoteOptions(listings.command('approve'))
    .description("list it (operators); again, to change the publisher's share")
    .argument('<listing>', LISTING)
    .option('--share <percent>', "of charges after tax that are the publisher's", Number)
    .action(
      withSession(async ({ api, print }: Session, id: string, { share }: { share?: number }) => {
        const body = share === undefined ? {} : { publisherShareBasisPoints: Math.round(share * 100) };
        print(await api.post('/api/v1/listings/{id}/approve', { params: { id }, body }), said);
      }),
    );
  remoteOptions(listings.command('reject'))
    .description('do not list it (operators)')
    .argument('<listing>', LISTING)
    .requiredOption('--reason <text>', 'for its publisher')
    .action(
      withSession(async ({ api, print }: Session, id: string, { reason }: { reason: string }) =>
        print(await api.post('/api/v1/listings/{id}/reject', { params: { id }, body: { reason } }), said),
      ),
    );
}
