import type { Command } from 'commander';
import { foregroundWait } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { progressLine, table } from '../terminal.ts';
import { defined, wholeNumber, wholeOrZero } from './flags.ts';
import { timeText } from './format.ts';
import { follow } from './rollout.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const POLL_MS = 200;

/** `modelyard deploy MODEL` */
export function addDeploy(program: Command): void {
  remoteOptions(program.command('deploy'))
    .description('run a model, or a new version of one that runs')
    .argument('<model>', 'NAME, NAME:VERSION or NAME@LABEL')
    .option('--name <name>', "the deployment's name; the model's unless told otherwise")
    .option('--replicas <number>', 'engines to run, always as many', wholeNumber)
    .option('--min <number>', 'engines kept loaded while there is room; 0: loaded only while it is called', wholeOrZero)
    .option('--max <number>', 'engines under load', wholeNumber)
    .option('--priority <number>', 'who is called may take memory from the same priority or a lower one', Number)
    .option('--idle <seconds>', 'engines beyond the minimum go after so long without a call', wholeNumber)
    .option('--threads <number>', 'CPU threads of each engine', wholeNumber)
    .option('--no-wait', 'do not wait until it is ready')
    .addHelpText('after', '\nExamples:\n  modelyard deploy acme/ocr\n  modelyard deploy acme/ocr:2 --replicas 2')
    .action(withSession(deploy));
}

interface DeployFlags {
  readonly name?: string;
  readonly replicas?: number;
  readonly min?: number;
  readonly max?: number;
  readonly priority?: number;
  readonly idle?: number;
  readonly threads?: number;
  readonly wait: boolean;
}

async function deploy(session: Session, model: string, flags: DeployFlags): Promise<void> {
  const { api, print } = session;
  const { wait, min: minReplicas, max: maxReplicas, idle: idleSeconds, ...same } = flags;
  const body = { model, ...same, ...defined({ minReplicas, maxReplicas, idleSeconds }) };
  let deployment = await api.post('/api/v1/deployments', { body });
  if (deployment.rollout) return follow(session, deployment.name, wait);
  if (wait) {
    const line = progressLine(process.stderr);
    for (let newest = deployment.revisions[0]; newest?.state === 'loading' && newest.restarts === 0; newest = deployment.revisions[0]) {
      line.update(`${deployment.name}: loading`);
      await foregroundWait(POLL_MS);
      deployment = await api.get('/api/v1/deployments/{name}', { params: { name: deployment.name } });
    }
    const newest = deployment.revisions[0];
    if (newest?.state !== 'ready' && newest?.state !== 'idle')
      throw new Fault('unavailable', 'load_failed', `${deployment.name} could not be loaded: ${newest?.reason ?? 'it is gone'}`);
    line.done(newest.state === 'ready' ? `✓ ${deployment.name} is ready` : `✓ ${deployment.name} is loaded when it is called`);
  }
  print(deployment, ({ revisions }) => `${deployment.name} runs ${revisions[0]?.model}:${revisions[0]?.version}`);
}

/** `modelyard undeploy NAME` */
export function addUndeploy(program: Command): void {
  remoteOptions(program.command('undeploy'))
    .description('stop a deployment')
    .argument('<name>')
    .action(
      withSession(async ({ api, print }, name: string) => {
        await api.delete('/api/v1/deployments/{name}', { params: { name } });
        print({ undeployed: name }, () => `${name} is stopped; its calls under way are finished first.`);
      }),
    );
}

function rangeText({ replicasMin, replicasMax }: { readonly replicasMin: number; readonly replicasMax: number }): string {
  return replicasMin === replicasMax ? String(replicasMax) : `${replicasMin}–${replicasMax}`;
}

/** What is used where it is known, else what is reserved. */
function memoryText(replicas: readonly { readonly memoryBytes: number; readonly usage?: { readonly memoryBytes: number } }[]): string {
  const bytes = replicas.reduce((sum, { memoryBytes, usage }) => sum + (usage?.memoryBytes ?? memoryBytes), 0);
  return bytes === 0 ? '' : `${Math.round(bytes / 1_048_576)} MiB`;
}

/** `modelyard ps` */
export function addPs(program: Command): void {
  remoteOptions(program.command('ps'))
    .description('list what is running')
    .action(
      withSession(async ({ api, print, columns }) => {
        const { data } = await api.get('/api/v1/deployments');
        print(data, (deployments) =>
          table(
            ['NAME', 'MODEL', 'STATE', 'TRAFFIC', 'REPLICAS', 'MEMORY', 'RESTARTS', 'SINCE', 'REASON'],
            deployments.flatMap(({ name, revisions }) =>
              revisions.map(({ model, version, state, weight, replicas, resources, restarts, createdAt, reason }) => [
                name,
                `${model}:${version}`,
                state,
                `${weight} %`,
                `${replicas.filter((replica) => replica.state === 'ready').length}/${rangeText(resources)}`,
                memoryText(replicas),
                restarts,
                timeText(createdAt),
                reason,
              ]),
            ),
            columns,
          ),
        );
      }),
    );
}

/** `modelyard logs NAME` */
export function addLogs(program: Command): void {
  remoteOptions(program.command('logs'))
    .description("print the newest lines of a deployment's engines")
    .argument('<name>')
    .option('--lines <number>', 'how many', wholeNumber, 100)
    .action(
      withSession(async ({ api, print }, name: string, { lines }: { lines: number }) => {
        print(await api.get('/api/v1/deployments/{name}/logs', { params: { name }, query: { lines } }), ({ data }) => data.join('\n'));
      }),
    );
}
