import { type Logger, pino } from 'pino';

export type { Logger };

/** Fields that never reach a log, wherever they turn up. Prompts and answers are not logged at all. */
const REDACTED = ['key', '*.key', 'authorization', '*.authorization', 'token', '*.token', 'headers.authorization', 'headers["x-api-key"]', 'body', '*.body'];

export interface LogOptions {
  readonly level: string;
  /** A file to write to; absent: standard error. */
  readonly file?: string;
}

/** JSON lines for machines. */
export function createLogger({ level, file }: LogOptions): Logger {
  const destination = file === undefined ? { dest: 2, sync: false } : { dest: file, mkdir: true, sync: false, mode: 0o600 };
  return pino({ level, base: null, redact: { paths: REDACTED, censor: '[redacted]' } }, pino.destination(destination));
}

export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
