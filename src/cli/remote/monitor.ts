import type { Command } from 'commander';
import { foregroundWait, systemClock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { defined, wholeNumber, wholeOrZero } from './flags.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';
import { curveOf } from './sparkline.ts';
import { type Curves, frame } from './top-view.ts';

const FOLLOW_MS = 1_000;
const TOP_MS = 2_000;
const MINUTE_MS = 60_000;
const CURVE_MINUTES = 15;
/** Curves change once a minute; they are fetched twice in it. */
const PICTURES_PER_CURVE = 15;

/** `modelyard events` */
export function addEvents(program: Command): void {
  remoteOptions(program.command('events'))
    .description('what happened to engines, and why')
    .argument('[name]', 'of one deployment')
    .option('--follow', 'go on printing what comes')
    .option('--limit <number>', 'how many of the newest', wholeNumber, 50)
    .addHelpText('after', '\nExamples:\n  modelyard events --follow\n  modelyard events smollm2-135m-instruct --json')
    .action(withSession(events));
}

async function events(session: Session, deployment: string | undefined, { follow, limit }: { follow?: boolean; limit: number }): Promise<void> {
  const { api, print, columns } = session;
  const { data } = await api.get('/api/v1/events', { query: { deployment, limit } });
  if (!follow) {
    print(data, (list) =>
      table(
        ['WHEN', 'DEPLOYMENT', 'STATE', 'NODE', 'REPLICA', 'REASON'],
        list.map((event) => [timeText(event.at), event.deployment, event.state, event.node, event.replica.slice(-6), event.reason]),
        columns,
      ),
    );
    return;
  }
  let after = 0;
  for (let batch = data; ; batch = (await api.get('/api/v1/events', { query: { deployment, after } })).data) {
    for (const event of batch) {
      after = event.seq;
      print(
        event,
        ({ at, state, reason, replica, ...of }) =>
          `${timeText(at)}  ${paint(COLOURS[state] ?? 'white', state.padEnd(8))}  ${of.deployment}  ${paint('dim', replica.slice(-6))}  ${reason}`,
      );
    }
    await foregroundWait(FOLLOW_MS);
  }
}

const COLOURS: Readonly<Record<string, 'green' | 'red' | 'yellow' | 'cyan'>> = {
  ready: 'green',
  crashed: 'red',
  stopping: 'yellow',
  starting: 'cyan',
  'alert pending': 'yellow',
  'alert firing': 'red',
  'alert resolved': 'green',
};

/** `modelyard top` */
export function addTop(program: Command): void {
  remoteOptions(program.command('top'))
    .description('how deployments do now, live')
    .option('--once', 'print one picture and end')
    .addHelpText('after', '\nExamples:\n  modelyard top\n  modelyard top --json')
    .action(withSession(top));
}

async function top(session: Session, { once, json }: { once?: boolean; json?: boolean }): Promise<void> {
  const { api, print } = session;
  const look = async () => {
    const [figures, deployments] = await Promise.all([api.get('/api/v1/figures'), api.get('/api/v1/deployments')]);
    return { figures: figures.data, deployments: deployments.data };
  };
  const isTerminal = process.stdout.isTTY;
  if (!isTerminal || once === true || json === true) {
    const curves = isTerminal && json !== true ? await curvesOf(session) : undefined;
    return print(await look(), (seen) => frame(seen, session.columns, curves));
  }
  for (let pictures = 0, curves: Curves = new Map(); ; pictures++) {
    if (pictures % PICTURES_PER_CURVE === 0) curves = await curvesOf(session);
    const text = frame(await look(), process.stdout.columns ?? session.columns, curves);
    process.stdout.write(`\u001B[H\u001B[2J${paint('bold', 'modelyard top')}  ${session.url}  ${paint('dim', 'curves: the last quarter of an hour; Ctrl-C ends it')}\n\n${text}\n`);
    await foregroundWait(TOP_MS);
  }
}

/** Calls a second in each of the last minutes. */
async function curvesOf({ api }: Session): Promise<Curves> {
  const until = systemClock.now();
  const since = until - CURVE_MINUTES * MINUTE_MS;
  const { data } = await api.get('/api/v1/history', { query: { since, until, step: 60 } });
  const byName = Map.groupBy(data, ({ deployment }) => deployment);
  const span = { since, until, stepMs: MINUTE_MS, pointsMax: CURVE_MINUTES + 1 };
  const curve = (points: typeof data) =>
    curveOf(
      points.map(({ start, calls }) => ({ start, value: calls / 60 })),
      span,
    );
  // The last minute is not over: the figures of now stand for it.
  return new Map([...byName].map(([name, points]) => [name, curve(points).slice(0, -1)]));
}

/** `modelyard scale NAME` */
export function addScale(program: Command): void {
  remoteOptions(program.command('scale'))
    .description('change how many engines a deployment may have')
    .argument('<name>')
    .option('--replicas <number>', 'as many always', wholeNumber)
    .option('--min <number>', 'kept loaded while there is room; 0: loaded only while it is called', wholeOrZero)
    .option('--max <number>', 'engines under load', wholeNumber)
    .option('--idle <seconds>', 'engines beyond the minimum go after so long without a call', wholeNumber)
    .option('--fallback <name>', "deployment that is called in its place when it can't serve; none: no such")
    .option('--hedge <on|off>', 'send a slow call to a second engine too, at most 5 % of the calls')
    .option('--strict <on|off>', "refuse what OpenAI's own server would ignore")
    .addHelpText('after', '\nExamples:\n  modelyard scale smollm2-135m-instruct --min 0 --max 3')
    .action(
      withSession(
        async (
          { api, print },
          name: string,
          {
            replicas,
            min,
            max,
            idle,
            fallback,
            hedge,
            strict,
          }: { replicas?: number; min?: number; max?: number; idle?: number; fallback?: string; hedge?: string; strict?: string },
        ) => {
          const body = {
            ...defined({ replicas, minReplicas: min, maxReplicas: max, idleSeconds: idle }),
            ...(fallback !== undefined && { fallback: fallback === 'none' ? null : fallback }),
            ...(hedge !== undefined && { hedge: hedge === 'on' }),
            ...(strict !== undefined && { strict: strict === 'on' }),
          };
          if (Object.keys(body).length === 0)
            throw new Fault('invalid_argument', 'nothing_to_scale', 'Say what is to change: --replicas, --min, --max, --idle, --fallback, --hedge or --strict.');
          const { revisions } = await api.patch('/api/v1/deployments/{name}', { params: { name }, body });
          const { replicasMin, replicasMax, idleSeconds } = revisions[0]?.resources ?? { replicasMin: 0, replicasMax: 0, idleSeconds: 0 };
          print(revisions[0]?.resources, () => `${name} has ${replicasMin} to ${replicasMax} engines; those beyond ${replicasMin} go after ${idleSeconds} s without a call.`);
        },
      ),
    );
}
