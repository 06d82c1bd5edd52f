import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { invalid } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { inspectFiles } from '../../model-files/inspect.ts';
import { type Estimate, estimate } from '../../scheduler/estimate.ts';
import { probeMachine } from '../../scheduler/inventory.ts';
import { type Demand, demandOf, type Machine, type Throughput, throughputOf } from '../../scheduler/throughput.ts';
import { defined } from '../remote/flags.ts';
import { bytesText } from '../remote/format.ts';
import { remoteOptions, type Session, withSession } from '../remote/session.ts';
import { table } from '../terminal.ts';

const HELP = `
Examples:
  modelyard estimate smollm2-135m-instruct
  modelyard estimate ./llama-3-8b.Q4_K_M.gguf --threads 8
  modelyard estimate all-minilm-l6-v2 --rate 50
  modelyard estimate ./tfjs-model --json

Of a published model the server computes it, for its own machine; of a file it is computed here. The machine's bandwidth is
probed for a moment; what its processor computes is taken from its clock.`;

interface Flags {
  readonly threads?: string;
  readonly rate?: string;
  readonly json?: boolean;
}

/** `modelyard estimate NAME|FILE`: from the header alone, before anything is loaded. */
export function addEstimate(program: Command): void {
  remoteOptions(program.command('estimate'))
    .description('compute what a model needs, line by line, before it is loaded')
    .argument('<model>', 'a published model, a weights file, or a folder of a TF.js model')
    .option('--threads <number>', 'CPU threads of the engine')
    .option('--rate <number>', 'calls a second, for the number of replicas')
    .addHelpText('after', HELP)
    .action(async (model: string, flags: Flags, command: Command) => {
      if (existsSync(model)) return ofFile(await manifestOfFile(model), model, flags);
      return withSession((session: Session) => remote(session, model, flags))(command);
    });
}

/** What the server computes, for its own machine. */
async function remote({ api, print, columns }: Session, name: string, { threads, rate }: Flags): Promise<void> {
  const query = { threads: threads && positive(threads, '--threads'), callsPerSecond: rate && positive(rate, '--rate') };
  const answer = await api.get('/api/v1/models/{name}/estimate', { params: { name }, query: defined(query) as Record<string, number> });
  print(answer, (computed) => page({ ...computed, name: `${computed.model}:${computed.version}` }, columns));
}

/** @param path a weights file, or a folder with all files of a model */
async function manifestOfFile(path: string): Promise<Manifest> {
  const paths = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  const { engine, task, weights } = await inspectFiles(paths.map((file) => ({ path: basename(file), absolutePath: resolve(file) })));
  return { schema: 'modelyard.manifest/1', task, engine, weights, files: [], engineOptions: {}, licence: '', origin: 'file', card: '' };
}

function ofFile(manifest: Manifest, name: string, { threads: threadsText = '1', rate, json }: Flags): void {
  const threads = positive(threadsText, '--threads');
  const machine = probeMachine(() => systemClock.monotonic());
  const throughput = throughputOf(manifest, threads, machine);
  const demand = rate === undefined ? {} : { demand: demandOf(manifest, positive(rate, '--rate'), throughput) };
  const computed = { name, architecture: manifest.weights.architecture, engine: manifest.engine, threads, ...estimate(manifest), throughput, machine, ...demand };
  process.stdout.write(`${json ? JSON.stringify(computed, null, 2) : page(computed, process.stdout.columns ?? 160)}\n`);
}

interface Computed {
  readonly name: string;
  readonly architecture: string;
  readonly engine: string;
  readonly threads: number;
  readonly lines: Estimate['lines'];
  readonly memoryBytes: number;
  readonly gpuMemoryBytes: number;
  readonly throughput: Throughput;
  readonly machine: Machine;
  readonly demand?: Demand;
}

function page({ name, architecture, engine, threads, lines, memoryBytes, gpuMemoryBytes, throughput, machine, demand }: Computed, columns: number): string {
  const rows = lines.map(({ what, arithmetic, bytes, source }) => [what, bytesText(bytes), arithmetic, source]);
  return [
    `${name}: ${architecture}, ${engine}`,
    table(['MEMORY', 'BYTES', 'ARITHMETIC', 'SOURCE'], [...rows, ['altogether', bytesText(memoryBytes), '', '']], columns),
    ...(gpuMemoryBytes > 0 ? [`on a GPU ${bytesText(gpuMemoryBytes)} of it lie in the GPU's memory`] : []),
    '',
    ...speedLines(throughput, machine, threads),
    ...(demand ? [rateLine(demand)] : []),
  ].join('\n');
}

function speedLines({ tokensPerSecond, tokensPerSecondAlone, prefillTokensPerSecond, rowsPerSecond, boundBy }: Throughput, machine: Machine, threads: number): string[] {
  const peaks = `at most, by the roofline (${bytesText(machine.bytesPerSecond)}/s from memory, ${(machine.flopsPerThread / 1e9).toFixed(0)} GFLOP/s × ${threads} threads; bound by ${boundBy})`;
  if (rowsPerSecond !== undefined) return [`${rounded(rowsPerSecond)} rows/s ${peaks}`];
  return [`${rounded(tokensPerSecondAlone)} tokens/s for one stream, ${rounded(tokensPerSecond)} for all slots, ${rounded(prefillTokensPerSecond)} tokens/s of prompt ${peaks}`];
}

function rateLine({ callsPerSecond, unit, concurrency, replicas }: Demand): string {
  return `${callsPerSecond} ${unit} a second are ${rounded(concurrency)} calls at a time (Little's law): ${replicas} replicas`;
}

function rounded(value: number | undefined): string {
  return value === undefined ? '–' : value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1e9)) throw invalid(`${flag} is "${text}"; it must be a number above 0.`, flag);
  return value;
}
