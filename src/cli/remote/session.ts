import type { Command } from 'commander';
import { Modelyard, ModelyardError } from '@modelyard/sdk';
import { Fault, type FaultKind } from '../../contract/errors.ts';
import { readCliEnvironment } from '../env.ts';
import { printable } from '../terminal.ts';
import { readLogin } from './login-file.ts';

/** What every client command has: the API, and a way to print. */
export interface Session {
  readonly api: Modelyard;
  readonly url: string;
  readonly key: string;
  /** The file that the key came from; undefined when the environment gave it. */
  readonly loginFile: string | undefined;
  /** Prints `value` as JSON with --json, else the text made of it. */
  print<T>(value: T, text: (value: T) => string): void;
  readonly columns: number;
}

interface CommonFlags {
  readonly url?: string;
  readonly home?: string;
  readonly json?: boolean;
}

/** Adds the options that every client command has. */
export function remoteOptions(command: Command): Command {
  return command
    .option('--url <address>', 'the server; otherwise MODELYARD_URL, otherwise that of the login')
    .option('--home <folder>', 'folder with the login; otherwise MODELYARD_HOME, otherwise ~/.modelyard')
    .option('--json', 'print JSON for programs');
}

/** Opens a session by flags, environment (MODELYARD_URL, MODELYARD_API_KEY) or the login, in this order. */
export async function openSession(flags: CommonFlags): Promise<Session> {
  const environment = readCliEnvironment();
  const home = flags.home ?? environment.home;
  const saved = await readLogin(home);
  const url = flags.url ?? environment.url ?? saved?.login.url;
  const key = environment.key ?? saved?.login.key;
  if (url === undefined || key === undefined) {
    throw new Fault(
      'unauthenticated',
      'no_login',
      `There is no login in ${home}. Start a server here with "modelyard up", log in to one with "modelyard login URL", or set MODELYARD_URL and MODELYARD_API_KEY.`,
    );
  }
  return {
    api: new Modelyard({ url, key }),
    url,
    key,
    loginFile: environment.key === undefined ? saved?.file : undefined,
    columns: environment.columns,
    print: (value, text) => process.stdout.write(`${flags.json ? JSON.stringify(value, null, 2) : printable(text(value))}\n`),
  };
}

const KIND_OF_STATUS: Readonly<Record<number, FaultKind>> = { 400: 'invalid_argument', 401: 'unauthenticated', 403: 'permission_denied', 404: 'not_found', 409: 'conflict' };

/** Runs a client command; the server's words become the command's one line, its status the exit code. */
export function withSession<Arguments extends unknown[]>(run: (session: Session, ...args: Arguments) => Promise<void>): (...args: [...Arguments, Command]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    try {
      await run(await openSession(command.optsWithGlobals<CommonFlags>()), ...(args.slice(0, -1) as Arguments));
    } catch (error) {
      throw asFault(error);
    }
  };
}

/** A server's refusal as the command's own failure. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof ModelyardError)) return error;
  const kind = error.code === 'unreachable' ? 'unavailable' : (KIND_OF_STATUS[error.status] ?? 'internal');
  return new Fault(kind, error.code, error.message, { cause: error });
}
