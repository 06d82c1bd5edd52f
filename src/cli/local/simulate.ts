import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { next } from '../../data-plane/dispatch/next.ts';
import { demandPolicy } from '../../scheduler/decide/decide.ts';
import { fcfsPolicy } from '../../scheduler/decide/fcfs.ts';
import { type Arrival, generate, type Pattern, PATTERNS, spread } from '../../scheduler/simulate/arrivals.ts';
import { fleetOf } from '../../scheduler/simulate/fleet.ts';
import { simulate } from '../../scheduler/simulate/simulate.ts';
import type { Result } from '../../scheduler/simulate/tally.ts';
import { readTrace, type Request } from '../../scheduler/simulate/trace.ts';
import { table } from '../terminal.ts';

const GIB = 1_073_741_824;
const POLICIES = [demandPolicy, fcfsPolicy];

const HELP = `
Examples:
  modelyard simulate --nodes 20 --deployments 400 --generate bursty --policy all
  modelyard simulate --nodes 1000 --minutes 10
  modelyard simulate --nodes 4 --trace AzureLLMInferenceTrace_conv.csv --minutes 60

A trace is a CSV file with the columns TIMESTAMP,ContextTokens,GeneratedTokens, as Azure publishes them; its calls are spread over the
deployments by Zipf's law. What the columns of the table mean: docs/design/scheduling.md.`;

interface Flags {
  readonly trace?: string;
  readonly generate: Pattern;
  readonly nodes: string;
  readonly deployments?: string;
  readonly policy: string;
  readonly seed: string;
  readonly minutes: string;
  readonly rate?: string;
  readonly slo: string;
  readonly nodeMemory: string;
  readonly idle: string;
  readonly nodePrice: string;
  readonly json?: boolean;
}

/** `modelyard simulate`: the scheduler's and the queue's own decisions, on nodes and calls that are made up. */
export function addSimulate(program: Command): void {
  program
    .command('simulate')
    .description('try the scheduler on simulated nodes and calls')
    .requiredOption('--nodes <number>', 'nodes, all alike')
    .option('--deployments <number>', 'deployments; otherwise 20 a node')
    .option('--trace <file>', 'calls from a CSV file')
    .addOption(new Option('--generate <pattern>', 'calls made from the seed').choices(PATTERNS).default('poisson').conflicts('trace'))
    .addOption(new Option('--policy <name>', 'who decides').choices([...POLICIES.map(({ name }) => name), 'all']).default('demand'))
    .option('--seed <number>', 'the same seed gives the same result', '1')
    .option('--minutes <number>', 'simulated time', '10')
    .option('--rate <number>', 'generated calls a second; otherwise one for each two nodes')
    .option('--slo <seconds>', 'within which the first token should come', '2')
    .option('--node-memory <GiB>', 'memory of a node for engines', '64')
    .option('--idle <seconds>', 'without a call for so long a model is let go', '300')
    .option('--node-price <price>', 'of an hour of a node that holds an engine', '1.0')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const began = systemClock.monotonic();
  const setting = settingOf(flags);
  const { nodes, deployments, seed, minutes, rate, price } = setting;
  const requests = flags.trace === undefined ? undefined : await readFileTrace(flags.trace, minutes);
  const arrivals = (): Iterable<Arrival> => (requests ? spread(requests, deployments, seed) : generate({ pattern: flags.generate, rate, minutes }, deployments, seed));
  const fleet = fleetOf({ ...setting, nodeMemoryBytes: setting.nodeMemory * GIB, idleMs: setting.idle * 1_000 });
  const policies = POLICIES.filter(({ name }) => flags.policy === 'all' || flags.policy === name);
  const results = policies.map((policy) => simulate({ fleet, policy, arrivals: arrivals(), next, minutes, sloMs: setting.slo * 1_000 }));
  if (flags.json) {
    const rows = results.map((result) => ({ ...result, cost: result.nodeHours * price }));
    process.stdout.write(`${JSON.stringify({ ...setting, calls: flags.trace ?? flags.generate, results: rows }, null, 2)}\n`);
    return;
  }
  const calls = flags.trace === undefined ? `${flags.generate} calls, ${rate} a second` : `calls of ${flags.trace}`;
  const title = `${nodes} nodes of ${setting.nodeMemory} GiB, ${deployments} deployments, ${calls}, ${minutes} minutes, seed ${seed}`;
  const seconds = ((systemClock.monotonic() - began) / 1_000).toFixed(1);
  process.stdout.write(`${title}: simulated in ${seconds} s\n\n${tableOf(results, setting)}\n`);
}

function tableOf(results: readonly Result[], { slo, price }: ReturnType<typeof settingOf>): string {
  const headings = ['POLICY', 'REQUESTS', `TTFT ≤ ${slo} s`, 'WAIT P50', 'WAIT P99', 'REFUSED', 'CUT', 'SLOTS', 'MEMORY', 'COLD STARTS', 'EVICTIONS', 'NODE-HOURS', 'COST'];
  const rows = results.map((result) => [
    result.policy,
    result.arrivals,
    percent(result.attainment),
    seconds(result.waitP50Ms),
    seconds(result.waitP99Ms),
    result.refused,
    result.cut,
    percent(result.slotsBusy),
    percent(result.memoryUsed),
    result.coldStarts,
    result.evictions,
    result.nodeHours.toFixed(2),
    (result.nodeHours * price).toFixed(2),
  ]);
  return table(headings, rows, process.stdout.columns ?? 160);
}

function settingOf(flags: Flags) {
  const nodes = whole(flags.nodes, '--nodes', 10_000);
  return {
    nodes,
    deployments: flags.deployments === undefined ? 20 * nodes : whole(flags.deployments, '--deployments', 200_000),
    seed: whole(flags.seed, '--seed', 4_294_967_295),
    minutes: above0(flags.minutes, '--minutes', 44_640),
    rate: flags.rate === undefined ? nodes / 2 : above0(flags.rate, '--rate', 1e6),
    slo: above0(flags.slo, '--slo', 1e6),
    nodeMemory: above0(flags.nodeMemory, '--node-memory', 1e6),
    idle: above0(flags.idle, '--idle', 1e6),
    price: above0(flags.nodePrice, '--node-price', 1e6),
  };
}

async function readFileTrace(file: string, minutes: number): Promise<Request[]> {
  const input = createReadStream(file);
  const opened = new Promise<never>((_, reject) => {
    input.once('error', (error) => reject(new Fault('not_found', 'no_trace', `${file} can not be read: ${error.message}`)));
  });
  try {
    return await Promise.race([readTrace(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), file, minutes), opened]);
  } finally {
    input.destroy();
  }
}

function above0(text: string, flag: string, max: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= max)) throw invalid(`${flag} is "${text}"; it must be a number above 0, at most ${max}.`, flag);
  return value;
}

function whole(text: string, flag: string, max: number): number {
  const value = above0(text, flag, max);
  if (!Number.isInteger(value)) throw invalid(`${flag} is "${text}"; it must be a whole number.`, flag);
  return value;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
