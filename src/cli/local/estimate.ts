import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { invalid } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { textShape } from '../../model-files/text-shape.ts';
import { inspectFiles } from '../../model-files/inspect.ts';
import { estimate } from '../../scheduler/estimate.ts';
import { probeMachine } from '../../scheduler/inventory.ts';
import { replicasFor, throughputOf } from '../../scheduler/throughput.ts';
import { bytesText } from '../remote/format.ts';
import { remoteOptions, type Session, withSession } from '../remote/session.ts';
import { table } from '../terminal.ts';

const TOKENS_PER_ANSWER = 200;

const HELP = `
Examples:
  modelyard estimate smollm2-135m-instruct
  modelyard estimate ./llama-3-8b.Q4_K_M.gguf --threads 8
  modelyard estimate all-minilm-l6-v2 --rate 50
  modelyard estimate ./tfjs-model --json

The bandwidth of this machine is probed for a moment; what its processor computes is taken from its clock.`;

interface Flags {
  readonly threads: string;
  readonly rate?: string;
  readonly json?: boolean;
}

/** `modelyard estimate NAME|FILE`: from the header alone, before anything is loaded. */
export function addEstimate(program: Command): void {
  remoteOptions(program.command('estimate'))
    .description('compute what a model needs, line by line, before it is loaded')
    .argument('<model>', 'a published model, or a weights file, or a folder of a TF.js model')
    .option('--threads <number>', 'CPU threads of the engine', '1')
    .option('--rate <number>', 'calls a second, for the number of replicas')
    .addHelpText('after', HELP)
    .action(async (model: string, flags: Flags, command: Command) => {
      if (existsSync(model)) return report(await manifestOfFile(model), model, flags);
      return withSession((session: Session) => remote(session, model, flags))(command);
    });
}

async function remote({ api }: Session, name: string, flags: Flags): Promise<void> {
  const { versions } = await api.get('/api/v1/models/{name}', { params: { name } });
  const newest = versions[0];
  if (newest) report(newest.manifest, `${name}:${newest.number}`, flags);
}

/** @param path a weights file, or a folder with all files of a model */
async function manifestOfFile(path: string): Promise<Manifest> {
  const paths = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  const { engine, task, weights } = await inspectFiles(paths.map((file) => ({ path: basename(file), absolutePath: resolve(file) })));
  return { schema: 'modelyard.manifest/1', task, engine, weights, files: [], engineOptions: {}, licence: '', origin: 'file', card: '' };
}

function report(manifest: Manifest, name: string, { threads: threadsText, rate: rateText, json }: Flags): void {
  const threads = positive(threadsText, '--threads');
  const needs = estimate(manifest);
  const machine = probeMachine(() => systemClock.monotonic());
  const throughput = throughputOf(manifest, threads, machine);
  if (json) {
    process.stdout.write(`${JSON.stringify({ name, ...needs, throughput, machine }, null, 2)}\n`);
    return;
  }
  const rows = needs.lines.map(({ what, arithmetic, bytes, source }) => [what, bytesText(bytes), arithmetic, source]);
  const lines = [
    `${name}: ${manifest.weights.architecture}, ${manifest.engine}`,
    table(['MEMORY', 'BYTES', 'ARITHMETIC', 'SOURCE'], [...rows, ['altogether', bytesText(needs.memoryBytes), '', '']], process.stdout.columns ?? 160),
  ];
  lines.push('', ...speedLines(throughput, machine, threads));
  if (rateText !== undefined) lines.push(rateLine(positive(rateText, '--rate'), throughput, manifest));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function speedLines(
  { tokensPerSecond, tokensPerSecondAlone, prefillTokensPerSecond, rowsPerSecond, boundBy }: ReturnType<typeof throughputOf>,
  machine: ReturnType<typeof probeMachine>,
  threads: number,
): string[] {
  const peaks = `at most, by the roofline (${bytesText(machine.bytesPerSecond)}/s from memory, ${(machine.flopsPerThread / 1e9).toFixed(0)} GFLOP/s × ${threads} threads; bound by ${boundBy})`;
  if (rowsPerSecond !== undefined) return [`${rounded(rowsPerSecond)} rows/s ${peaks}`];
  return [`${rounded(tokensPerSecondAlone)} tokens/s for one stream, ${rounded(tokensPerSecond)} for all slots, ${rounded(prefillTokensPerSecond)} tokens/s of prompt ${peaks}`];
}

function rateLine(rate: number, { tokensPerSecond, rowsPerSecond }: ReturnType<typeof throughputOf>, manifest: Manifest): string {
  const slots = manifest.engine === 'llama' ? textShape(manifest).slots : 1;
  const seconds = rowsPerSecond === undefined ? (TOKENS_PER_ANSWER * slots) / (tokensPerSecond ?? 1) : 1 / rowsPerSecond;
  const { concurrency, replicas } = replicasFor(rate, seconds, slots);
  const unit = rowsPerSecond === undefined ? `answers of ${TOKENS_PER_ANSWER} tokens` : 'rows';
  return `${rate} ${unit} a second are ${rounded(concurrency)} calls at a time (Little's law): ${replicas} replicas`;
}

function rounded(value: number | undefined): string {
  return value === undefined ? '–' : value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1e9)) throw invalid(`${flag} is "${text}"; it must be a number above 0.`, flag);
  return value;
}
