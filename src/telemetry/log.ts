import { type Logger, pino } from 'pino';
import { CappedFile } from '../base/capped-file.ts';

export type { Logger };

/** Fields that never reach a log, wherever they turn up. Prompts and answers are not logged at all. */
const REDACTED = ['key', '*.key', 'authorization', '*.authorization', 'token', '*.token', 'headers.authorization', 'headers["x-api-key"]', 'body', '*.body'];

/** pino's number for it. */
const WARN = 40;

export interface LogOptions {
  readonly level: string;
  /** A file to write to; absent: standard error. */
  readonly file?: string;
}

/** JSON lines for machines. */
export function createLogger({ level, file }: LogOptions): Logger {
  return pino({ level, base: null, redact: { paths: REDACTED, censor: '[redacted]' } }, file === undefined ? pino.destination({ dest: 2, sync: false }) : cappedFile(file));
}

/** pino's own file destination ends the process when the disk is full. */
function cappedFile(path: string): { write(line: string): void } {
  const file = new CappedFile(path, { lost: (lines) => JSON.stringify({ level: WARN, msg: `${lines} lines of this log are lost: they could not be written` }) });
  return { write: (line) => file.add(line.trimEnd()) };
}

export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
