import { homedir } from 'node:os';
import { join } from 'node:path';

/** The environment as the client commands see it. */
export interface CliEnvironment {
  readonly home: string;
  readonly url: string | undefined;
  readonly key: string | undefined;
  /** The terminal's width; without a terminal nothing is cut, unless COLUMNS says so. */
  readonly columns: number;
}

export function readCliEnvironment(): CliEnvironment {
  const { MODELYARD_HOME, MODELYARD_URL, MODELYARD_API_KEY, COLUMNS } = process.env;
  return {
    home: MODELYARD_HOME ?? join(homedir(), '.modelyard'),
    url: MODELYARD_URL,
    key: MODELYARD_API_KEY,
    columns: process.stdout.columns ?? (Number(COLUMNS) || Number.POSITIVE_INFINITY),
  };
}
