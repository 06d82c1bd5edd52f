import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { JsonTensor } from '@modelyard/sdk';
import { Fault } from '../../contract/errors.ts';
import { fit } from '../terminal.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const EXAMPLES = `
Examples:
  modelyard predict ppocr-v4-rec line.png
  modelyard predict magika package.json --bytes
  modelyard predict acme/iris '{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}'
  modelyard predict acme/iris request.json`;

/** `modelyard predict MODEL INPUT` */
export function addPredict(program: Command): void {
  remoteOptions(program.command('predict'))
    .description('run a tensor model on JSON, an image or any file')
    .argument('<model>')
    .argument('<input>', 'a file, or an Open Inference Protocol request as JSON')
    .option('--input <name>', 'which input the bytes are for; the first that takes bytes unless told otherwise')
    .option('--bytes', 'send a .json file as bytes too')
    .addHelpText('after', EXAMPLES)
    .action(withSession(predict));
}

async function predict(session: Session, model: string, input: string, flags: { input?: string; bytes?: boolean }): Promise<void> {
  const { api, print, columns } = session;
  const isText = input.trimStart().startsWith('{');
  const answer =
    isText || (input.endsWith('.json') && !flags.bytes)
      ? await api.inference.infer(model, inputsIn(isText ? input : (await readInput(input)).toString()))
      : await api.inference.inferBytes(model, flags.input ?? (await bytesInput(session, model)), await readInput(input));
  print(answer, ({ outputs }) => outputs.map((output) => outputText(output, columns)).join('\n'));
}

async function readInput(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Fault('not_found', 'no_such_file', `${file} could not be read (${error.code}); give a file, or a request as JSON.`);
  });
}

function inputsIn(text: string): readonly JsonTensor[] {
  try {
    const { inputs } = JSON.parse(text) as { inputs?: readonly JsonTensor[] };
    if (Array.isArray(inputs)) return inputs as readonly JsonTensor[];
  } catch {
    // told below
  }
  throw new Fault('invalid_argument', 'bad_request', 'The request must be JSON with "inputs", an array of {name, shape, datatype, data}.');
}

async function bytesInput({ api }: Session, model: string): Promise<string> {
  const { inputs } = await api.inference.metadata(model);
  const found = inputs.find(({ datatype }) => datatype === 'BYTES');
  if (!found)
    throw new Fault(
      'invalid_argument',
      'no_bytes_input',
      `"${model}" takes ${inputs.map(({ name, datatype, shape }) => `${name} ${datatype}[${shape.join(',')}]`).join(', ')}; send JSON.`,
    );
  return found.name;
}

function outputText({ name, datatype, shape, data }: JsonTensor, columns: number): string {
  const head = `${name} ${datatype}[${shape.join(',')}]`;
  const values = data.map((value) => (typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value)));
  return fit(`${head}  ${values.join(' ')}`, Math.max(columns, 40));
}
