import { type Command, InvalidArgumentError } from 'commander';
import { foregroundWait } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { progressLine, table } from '../terminal.ts';
import { defined, wholeNumber } from './flags.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const POLL_MS = 200;

interface RolloutFlags {
  readonly canary?: readonly number[];
  readonly checks?: number;
  readonly checkSeconds?: number;
  readonly errorsMax?: number;
  readonly latencyMax?: number;
  readonly gate?: readonly string[];
  readonly wait: boolean;
}

/** `modelyard rollout NAME [MODEL]` */
export function addRollout(program: Command): void {
  remoteOptions(program.command('rollout'))
    .description("bring a model version to a deployment's traffic, or list its rollouts")
    .argument('<name>', 'the deployment')
    .argument('[model]', 'NAME, NAME:VERSION or NAME@LABEL; without it, what was rolled out so far')
    .option('--canary <shares>', 'percent of the traffic one after the other, for example 5,25,50; all at once unless told otherwise', shares)
    .option('--checks <number>', 'checks of each share', wholeNumber)
    .option('--check-seconds <seconds>', 'time between checks', positive)
    .option('--errors-max <fraction>', 'taken back when so much more of its calls fail than of the other version', positive)
    .option('--latency-max <factor>', 'taken back when its 99th percentile is so many times the other version', positive)
    .option('--gate <conditions...>', "refused unless the version's newest evaluation meets them, for example f1_macro>=0.85")
    .option('--no-wait', 'do not wait until it has ended')
    .addHelpText(
      'after',
      `
A canary's share is watched for checks × check-seconds (10 × 60 s unless told otherwise), then it is given the next.

Examples:
  modelyard rollout acme/ocr acme/ocr:2
  modelyard rollout acme/ocr acme/ocr:2 --canary 5,25,50 --check-seconds 30
  modelyard rollout acme/ocr acme/ocr:2 --gate "f1_macro>=0.85"
  modelyard rollout acme/ocr`,
    )
    .action(withSession(rollout));
}

function shares(text: string): number[] {
  const list = text.split(',').map(Number);
  if (list.some((share) => !Number.isInteger(share) || share < 1 || share > 99)) throw new InvalidArgumentError('Shares are whole numbers from 1 to 99, for example 5,25,50.');
  return list;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError(`It must be a number above 0.`);
  return number;
}

async function rollout(session: Session, name: string, model: string | undefined, flags: RolloutFlags): Promise<void> {
  if (model === undefined) return listRollouts(session, name);
  const { canary: steps, checks, checkSeconds, errorsMax: errorIncreaseMax, latencyMax: latencyFactorMax } = flags;
  const canary = defined({ steps: steps && [...steps], checks, checkSeconds, errorIncreaseMax, latencyFactorMax });
  if (!steps && Object.keys(canary).length > 0) throw new Fault('invalid_argument', 'no_canary', 'The limits are of a canary: say its shares with --canary, for example 5,25,50.');
  const body = { model, ...(steps && { canary }), ...(flags.gate && { gates: [...flags.gate] }) };
  await session.api.post('/api/v1/deployments/{name}/rollouts', { params: { name }, body });
  await follow(session, name, flags.wait);
}

/** Shows the newest rollout until it has ended. @throws Fault when it was taken back */
export async function follow({ api, print }: Session, name: string, wait: boolean): Promise<void> {
  const newest = async () => (await api.get('/api/v1/deployments/{name}/rollouts', { params: { name } })).data[0];
  const line = progressLine(process.stderr);
  let last = await newest();
  while (last?.state === 'running') {
    if (!wait) break;
    line.update(`${name}: ${last.stepsDone === 0 ? 'loading' : `${last.steps[last.stepsDone - 1]} % of the traffic`} · ${last.reason}`);
    await foregroundWait(POLL_MS);
    last = await newest();
  }
  if (last?.state === 'rollback') throw new Fault('unavailable', 'rolled_back', `${name} was taken back: ${last.reason}`);
  if (last?.state === 'done') line.done(`✓ ${name} has all the traffic`);
  print(last, () => (last?.state === 'done' ? `${name}: the new version serves` : `${name}: the rollout is under way; modelyard rollout ${name} shows it`));
}

async function listRollouts({ api, print, columns }: Session, name: string): Promise<void> {
  const { data } = await api.get('/api/v1/deployments/{name}/rollouts', { params: { name } });
  print(data, (rollouts) =>
    table(
      ['ORDERED', 'STATE', 'STEP', 'REVISION', 'REASON'],
      rollouts.map(({ createdAt, state, steps, stepsDone, revision, reason }) => [
        timeText(createdAt),
        state,
        stepsDone === 0 ? 'loading' : `${steps[stepsDone - 1]} %`,
        revision.slice(-6),
        reason,
      ]),
      columns,
    ),
  );
}

/** `modelyard rollback NAME` */
export function addRollback(program: Command): void {
  remoteOptions(program.command('rollback'))
    .description('take a rollout back, or go back to what ran before the last')
    .argument('<name>', 'the deployment')
    .option('--no-wait', 'do not wait until it has ended')
    .addHelpText('after', '\nExamples:\n  modelyard rollback acme/ocr')
    .action(
      withSession(async (session, name: string, { wait }: { wait: boolean }) => {
        const { rollout: goingBack, revisions } = await session.api.post('/api/v1/deployments/{name}/rollback', { params: { name } });
        if (goingBack) return follow(session, name, wait);
        session.print(revisions, () => `${name}: the rollout was taken back; ${revisions[0]?.model}:${revisions[0]?.version} has all the traffic`);
      }),
    );
}

/** `modelyard drain NAME` */
export function addDrain(program: Command): void {
  remoteOptions(program.command('drain'))
    .description('replace engines by fresh ones, without a failed call')
    .argument('<name>', 'the deployment')
    .option('--replica <id>', 'this one; all of them unless told otherwise')
    .addHelpText('after', '\nEach goes as soon as another serves in its place; where there is no room for both, calls wait meanwhile.\n\nExamples:\n  modelyard drain acme/ocr')
    .action(
      withSession(async ({ api, print }, name: string, { replica }: { replica?: string }) => {
        const drained = await api.post('/api/v1/deployments/{name}/drain', { params: { name }, body: replica === undefined ? {} : { replica } });
        print(drained, () => `${name}: ${replica ?? 'every engine'} is replaced; modelyard events ${name} shows how.`);
      }),
    );
}
