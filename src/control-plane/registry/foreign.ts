import type { Manifest, WeightsInfo } from '../../contract/manifest.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import type { ForeignEngines } from './ports.ts';

/** What a publisher says of a version that is served by a server that is not ours; for files, their header says the rest. */
export interface ForeignEngine {
  /** A template of the operator's file, or a server that an operator has named: one of the two. */
  readonly command?: string;
  readonly remote?: string;
  readonly task?: Manifest['task'];
  /** What the server itself calls the model. */
  readonly model?: string;
  readonly contextLength?: number;
  readonly signature?: NonNullable<WeightsInfo['signature']>;
}

/** What is found in a version's files; undefined: it has none. */
export type Found = Pick<Manifest, 'task' | 'weights'> | undefined;

/** Engine, task and weights of such a version. @throws Fault for one that nobody could serve, and for somebody else's server unless an operator publishes it: calls of it cost the operator */
export function foreignManifest(engine: ForeignEngine, found: Found, { engines, isOperator }: { readonly engines: ForeignEngines; readonly isOperator: boolean }) {
  const { command, remote, model } = engine;
  const kind = command === undefined ? ('remote' as const) : ('command' as const);
  const name = command ?? remote;
  if (name === undefined || (command !== undefined && remote !== undefined)) throw invalid('"engine" must name one of "command" and "remote".', 'engine');
  if (kind === 'remote' && !isOperator) throw new Fault('permission_denied', 'operators_only', 'Only operators publish models of remote servers.', { param: 'engine.remote' });
  if (kind === 'command' && model !== undefined && !COMMAND_MODEL.test(model))
    throw invalid('"engine.model" must be printable ASCII that begins with a letter or a digit: it stands in the operator\'s command.', 'engine.model');
  const dialect = engines.dialectOf(kind, name);
  if (dialect === undefined) throw invalid(`There is no ${kind === 'command' ? 'engine template' : 'upstream'} "${name}".`, `engine.${kind}`);
  const task = engine.task ?? found?.task;
  if (task === undefined) throw invalid('"engine.task" must be given: "chat", "embedding" or "tensor".', 'engine.task');
  if ((task === 'tensor') !== (dialect === 'oip'))
    throw invalid(
      `"${name}" speaks ${dialect === 'oip' ? 'the Open Inference Protocol, for the task "tensor"' : 'OpenAI’s dialect, for the tasks "chat" and "embedding"'} only.`,
      'engine.task',
    );
  const weights = weightsOf(engine, found);
  if (task === 'tensor' && !weights.signature) throw invalid('"engine.signature" must be given: the names, datatypes and shapes of inputs and outputs.', 'engine.signature');
  const engineOptions = { [kind === 'command' ? 'template' : 'upstream']: name, ...(model !== undefined && { model }) };
  return { engine: kind, task, weights, engineOptions };
}

/** It stands in the operator's command: no option of that (X24), and nothing that a command can't hold. */
const COMMAND_MODEL = /^[A-Za-z0-9][\x20-\x7e]{0,511}$/;

const NO_WEIGHTS: WeightsInfo = { format: 'none', architecture: 'unknown', parameters: 0, tensorBytes: 0, parametersByType: {}, quantization: 'none' };

function weightsOf({ contextLength, signature }: ForeignEngine, found: Found): WeightsInfo {
  return { ...(found?.weights ?? NO_WEIGHTS), ...(contextLength !== undefined && { contextLength }), ...(signature && { signature }) };
}
