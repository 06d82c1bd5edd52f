import { Command, CommanderError } from 'commander';
import { Fault } from '../contract/errors.ts';
import { VERSION } from '../contract/version.ts';
import { type AddCommand, EXIT } from './command.ts';
import { printable } from './terminal.ts';

/** Name, summary, and where the rest is: loaded when called, so that a command starts fast. */
const COMMANDS: readonly (readonly [name: string, summary: string, load: () => Promise<AddCommand>])[] = [
  ['up', 'set up, start and make a first call', async () => (await import('./local/up.ts')).addUp],
  ['chat', 'talk to a model in the terminal', async () => (await import('./remote/chat.ts')).addChat],
  ['embed', 'turn texts into vectors', async () => (await import('./remote/embed.ts')).addEmbed],
  ['predict', 'run a tensor model on JSON, an image or any file', async () => (await import('./remote/predict.ts')).addPredict],
  ['publish', 'make a model version of files, a package or downloads', async () => (await import('./remote/publish.ts')).addPublish],
  ['models', 'list models, or show one', async () => (await import('./remote/models.ts')).addModels],
  ['eval', 'run a dataset through a model and measure its answers', async () => (await import('./remote/eval.ts')).addEval],
  ['evaluations', 'list reports, or show one', async () => (await import('./remote/evaluations.ts')).addEvaluations],
  ['label', 'move a label to a version', async () => (await import('./remote/manage-models.ts')).addLabel],
  ['rm', 'remove a model, or one version of it', async () => (await import('./remote/manage-models.ts')).addRm],
  ['blobs', 'remove files that nothing needs', async () => (await import('./remote/blobs.ts')).addBlobs],
  ['estimate', 'compute what a model needs before it is loaded', async () => (await import('./local/estimate.ts')).addEstimate],
  ['simulate', 'try the scheduler on simulated nodes and calls', async () => (await import('./local/simulate.ts')).addSimulate],
  ['deploy', 'run a model, or a new version of one that runs', async () => (await import('./remote/deployments.ts')).addDeploy],
  ['undeploy', 'stop a deployment', async () => (await import('./remote/deployments.ts')).addUndeploy],
  ['ps', 'list what is running', async () => (await import('./remote/deployments.ts')).addPs],
  ['nodes', 'machines that engines run on', async () => (await import('./remote/nodes.ts')).addNodes],
  ['scale', 'change how many engines a deployment may have', async () => (await import('./remote/monitor.ts')).addScale],
  ['rollout', "bring a version to a deployment's traffic, step by step", async () => (await import('./remote/rollout.ts')).addRollout],
  ['rollback', 'take a rollout back', async () => (await import('./remote/rollout.ts')).addRollback],
  ['drain', 'replace engines by fresh ones', async () => (await import('./remote/rollout.ts')).addDrain],
  ['top', 'how deployments do now, live', async () => (await import('./remote/monitor.ts')).addTop],
  ['history', 'how a deployment did, step by step', async () => (await import('./remote/history.ts')).addHistory],
  ['events', 'what happened to engines, and why', async () => (await import('./remote/monitor.ts')).addEvents],
  ['alerts', 'rules that watch deployments, and what they have found', async () => (await import('./remote/alerts.ts')).addAlerts],
  ['slo', 'what deployments promise, and how they keep it', async () => (await import('./remote/slo.ts')).addSlo],
  ['logs', "print a deployment's newest lines", async () => (await import('./remote/deployments.ts')).addLogs],
  ['keys', 'list, make, rotate and revoke keys', loadKeys],
  ['orgs', 'list and make organisations', async () => (await import('./remote/orgs.ts')).addOrgs],
  ['members', 'list, add and remove members', async () => (await import('./remote/orgs.ts')).addMembers],
  ['login', 'remember a server and a key', async () => (await import('./remote/login.ts')).addLogin],
  ['usage', 'sum up what was used', async () => (await import('./remote/usage.ts')).addUsage],
  ['cost', 'what it costs to run models', async () => (await import('./remote/cost.ts')).addCost],
  ['search', 'find models to subscribe to', async () => (await import('./remote/search.ts')).addSearch],
  ['subscribe', 'agree to the terms of a listing', async () => (await import('./remote/subscriptions.ts')).addSubscribe],
  ['subscriptions', 'what your organisation has subscribed to', async () => (await import('./remote/subscriptions.ts')).addSubscriptions],
  ['listings', 'sell what you have deployed', async () => (await import('./remote/listings.ts')).addListings],
  ['budget', 'how much may be spent', async () => (await import('./remote/budget.ts')).addBudget],
  ['wallet', 'what an organisation may spend', async () => (await import('./remote/wallet.ts')).addWallet],
  ['credit', 'credit an organisation', async () => (await import('./remote/wallet.ts')).addCredit],
  ['payout', 'note that a publisher was paid', async () => (await import('./remote/refund.ts')).addPayout],
  ['refund', 'give a charge or a part of it back', async () => (await import('./remote/refund.ts')).addRefund],
  ['receipt', 'what a call cost, signed; and verify it', async () => (await import('./remote/receipt.ts')).addReceipt],
  ['statement', 'what changed credit or earnings in a month', async () => (await import('./remote/statement.ts')).addStatement],
  ['upstreams', "other people's servers, as the homes of models", async () => (await import('./remote/upstreams.ts')).addUpstreams],
  ['gateways', 'processes that serve calls, and their credit', async () => (await import('./remote/gateways.ts')).addGateways],
  ['ledger', 'check or rebuild the book', async () => (await import('./remote/wallet.ts')).addLedger],
  ['audit', 'who changed what; archive and verify it', loadAudit],
  ['backup', 'copy a home, while it is in use', async () => (await import('./local/backup.ts')).addBackup],
  ['restore', 'make a home of a backup', async () => (await import('./local/backup.ts')).addRestore],
  ['migrate', "copy a home's database into PostgreSQL", async () => (await import('./local/migrate.ts')).addMigrate],
  ['doctor', 'check this machine and a home', async () => (await import('./local/doctor.ts')).addDoctor],
  ['completion', 'make your shell complete commands', async () => (await import('./remote/completion.ts')).addCompletion],
];

/** Most of `keys` is a client's; one of its commands works on a home without a server. */
async function loadKeys(): Promise<AddCommand> {
  const [{ addKeys }, { addResetOperator }] = await Promise.all([import('./remote/keys.ts'), import('./local/reset-operator.ts')]);
  return (program) => addKeys(program, addResetOperator);
}

/** `audit verify` reads a home; the rest is a client's. */
async function loadAudit(): Promise<AddCommand> {
  const [{ addAudit }, { addAuditVerify }] = await Promise.all([import('./remote/audit.ts'), import('./local/audit-verify.ts')]);
  return (program) => addAudit(program, addAuditVerify);
}

/** All commands: those that `isWanted` with all that they have, others by name and summary. Without `completion`, which tab adds itself. */
export async function commandTree(isWanted: (name: string) => boolean = () => true): Promise<Command> {
  const program = new Command('modelyard');
  for (const [name, summary, load] of COMMANDS) {
    if (name === 'completion') continue;
    if (isWanted(name)) (await load())(program);
    else program.command(name).description(summary);
  }
  return program;
}

/** Answers a shell (`modelyard complete -- WORDS`). Only the command that is typed is loaded; a failure says nothing: it would stand in somebody's line. */
async function answerShell(words: readonly string[]): Promise<number> {
  const { complete } = await import('./completion.ts');
  const { namesOf } = await import('./remote/completion.ts');
  const program = await commandTree((name) => name === words[0] && words.length > 1);
  await complete({ program, words, names: namesOf, print: (text) => process.stdout.write(text) }).catch(() => undefined);
  return EXIT.ok;
}

/** Runs one command line. Returns its exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'complete') return answerShell(argv.slice(argv[1] === '--' ? 2 : 1));
  const program = new Command('modelyard')
    .description('Publish, deploy, call and measure models: a self-hosted Model-as-a-Service platform.')
    .version(VERSION)
    .showHelpAfterError('(add --help for usage)')
    .exitOverride();
  const called = COMMANDS.find(([name]) => name === argv[0]);
  if (called) (await called[2]())(program);
  else for (const [name, summary] of COMMANDS) program.command(name).description(summary);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** Says what went wrong in one line, and chooses the documented exit code. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const text = error instanceof Fault ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`modelyard: ${printable(text)}\n`);
  if (!(error instanceof Fault)) return EXIT.failed;
  switch (error.kind) {
    case 'invalid_argument':
      return EXIT.usage;
    case 'unauthenticated':
    case 'permission_denied':
      return EXIT.refused;
    case 'not_found':
      return EXIT.notFound;
    default:
      return error.code === 'unreachable' ? EXIT.unreachable : EXIT.failed;
  }
}
