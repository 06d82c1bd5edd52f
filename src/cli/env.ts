import { homedir } from 'node:os';
import { join } from 'node:path';

/** The environment as the client commands see it. */
export interface CliEnvironment {
  readonly home: string;
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly columns: number;
}

export function readCliEnvironment(): CliEnvironment {
  const { MODELYARD_HOME, MODELYARD_URL, MODELYARD_API_KEY } = process.env;
  return { home: MODELYARD_HOME ?? join(homedir(), '.modelyard'), url: MODELYARD_URL, key: MODELYARD_API_KEY, columns: process.stdout.columns ?? 100 };
}
