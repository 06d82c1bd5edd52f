import tab from '@bomb.sh/tab/commander';
import type { RootCommand } from '@bomb.sh/tab';
import type { Argument, Command } from 'commander';

/** What an argument is, where completing it takes more than the commands themselves. */
export type Kind = 'models' | 'deployments' | 'files';

/** By command and argument. */
export const KINDS: Readonly<Record<string, Kind>> = {
  'models name': 'models',
  'deploy model': 'models',
  'label version': 'models',
  'rm name': 'models',
  'estimate model': 'models',
  'rollout model': 'models',
  'rollout name': 'deployments',
  'rollback name': 'deployments',
  'drain name': 'deployments',
  'undeploy name': 'deployments',
  'logs name': 'deployments',
  'scale name': 'deployments',
  'events name': 'deployments',
  'history name': 'deployments',
  'predict model': 'deployments',
  'embed model': 'deployments',
  'eval name': 'deployments',
  'slo set name': 'deployments',
  'slo remove name': 'deployments',
  'listings create deployment': 'deployments',
  'publish sources': 'files',
  'predict input': 'files',
  'receipt verify file': 'files',
  'backup folder': 'files',
  'restore folder': 'files',
};

/** What tells a shell to complete the name of a file itself. */
const FILES = ':0\n';

export interface Completing {
  /** All commands by name and summary, and the one that is typed with all that it has. */
  readonly program: Command;
  /** What is typed after `modelyard`; the last one is being typed. */
  readonly words: readonly string[];
  /** Names to choose from; none when they can't be had at once. */
  names(kind: 'models' | 'deployments'): Promise<readonly string[]>;
  print(text: string): void;
}

/** Answers a shell that asks how a line could go on, by tab's protocol: a value and its description a line, then what else to try. */
export async function complete({ program, words, names, print }: Completing): Promise<void> {
  const place = placeOf(program, words);
  const kind = place && KINDS[place.key];
  if (kind === 'files') return print(FILES);
  const root = tab(program, { completionCommandName: 'completion' });
  if (place && kind) offer(root, place, await names(kind));
  root.parse([...words]);
}

interface Place {
  readonly command: string;
  readonly argument: string;
  readonly key: string;
}

/** The argument that is being typed; undefined: an option, its value, or a command's name. */
function placeOf(program: Command, words: readonly string[]): Place | undefined {
  if (words.at(-1)?.startsWith('-') === true) return undefined;
  let command = program;
  let count = 0;
  for (let at = 0; at < words.length - 1; at++) {
    const word = words[at] ?? '';
    if (word.startsWith('-')) {
      if (!takesValue(command, word)) continue;
      if (at === words.length - 2) return undefined;
      at++;
      continue;
    }
    const inner = count === 0 ? command.commands.find((candidate) => candidate.name() === word) : undefined;
    if (inner) command = inner;
    else count++;
  }
  const all = command.registeredArguments;
  const argument: Argument | undefined = all[count] ?? (all.at(-1)?.variadic === true ? all.at(-1) : undefined);
  const path = pathOf(command);
  return argument && { command: path, argument: argument.name(), key: `${path} ${argument.name()}` };
}

function takesValue(command: Command, word: string): boolean {
  const option = command.options.find(({ long, short }) => long === word || short === word);
  return option !== undefined && (option.required || option.optional);
}

/** `listings create`, without the program's own name. */
export function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

function offer(root: RootCommand, { command, argument }: Place, names: readonly string[]): void {
  const found = root.commands.get(command)?.arguments.get(argument);
  if (!found) return;
  found.handler = (suggest) => {
    for (const name of names) suggest(name, '');
  };
}
