import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import type { ExitInfo } from '../ports.ts';
import { eachLine } from './lines.ts';
import type { LogBuffer } from './log-buffer.ts';

/** All that a child sees of our environment: no secret is among it. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'MODELYARD_ECHO_TRUTH'];

export function childEnvironment(ours: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ENVIRONMENT) {
    const value = ours[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** A child that is watched: its lines go to the log, and its last one into why it ended. */
export interface WatchedChild {
  readonly exited: Promise<ExitInfo>;
  /** Aborted once it has ended. */
  readonly ended: AbortSignal;
  /** Ends it at once, and this is why. */
  condemn(reason: string): void;
  /** Asks it to end; makes it end after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface Watching {
  readonly buffer: LogBuffer;
  readonly clock: Clock;
  /** What is told in place of "the engine". */
  readonly name: string;
  /** What nobody may read in what it writes: the way to its socket, its token (X34). */
  readonly secrets: readonly string[];
  /** Sends a signal to it; to its whole group where it has one. */
  kill(signal: NodeJS.Signals): void;
  done(): void;
}

export function watchChild(child: ChildProcess, { buffer, clock, name, secrets, kill, done }: Watching): WatchedChild {
  let lastLine = '';
  let verdict: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    eachLine(stream, (written) => {
      const line = withoutSecrets(written, secrets);
      lastLine = line;
      buffer.add(line);
    });
  }
  const ended = new AbortController();
  const exited = new Promise<ExitInfo>((resolve) => {
    const end = (reason: string) => {
      done();
      ended.abort();
      resolve({ reason: verdict ?? reason });
    };
    child.once('error', (error) => end(`${name} could not be started: ${error.message}`));
    // `close`, not `exit`: by then its last words have been read.
    child.once('close', (code, signal) => end(exitReason(name, { code, signal, lastLine })));
  });
  return {
    exited,
    ended: ended.signal,
    condemn(reason) {
      verdict = `${name} was ended: ${reason}`;
      kill('SIGKILL');
    },
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      kill('SIGTERM');
      const cancel = clock.timer(graceMs, () => kill('SIGKILL'));
      await exited;
      cancel();
    },
  };
}

/** So often one that serves is asked whether it is alive. */
const ALIVE_EVERY_MS = 2_000;

export interface Life {
  readonly clock: Clock;
  readonly silentSeconds: number;
  /** What is told to have been silent. */
  readonly what: string;
  /** Resolves within seconds. */
  answers(): Promise<boolean>;
}

/** Ends one that has not answered for too long (S19). Rejects once it has ended otherwise. */
export async function watchLife({ ended, condemn }: WatchedChild, { clock, silentSeconds, what, answers }: Life): Promise<void> {
  for (let heardAt = clock.monotonic(); !ended.aborted;) {
    await clock.after(ALIVE_EVERY_MS, ended);
    const answered = await answers();
    const now = clock.monotonic();
    if (answered) heardAt = now;
    else if (now - heardAt >= silentSeconds * 1_000 && !ended.aborted) return condemn(`${what} was silent for ${silentSeconds} s`);
  }
}

function withoutSecrets(line: string, secrets: readonly string[]): string {
  let text = line;
  for (const secret of secrets) text = text.replaceAll(secret, '[hidden]');
  return text;
}

function exitReason(name: string, { code, signal, lastLine }: { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly lastLine: string }): string {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  return `${name} ended with ${how}${lastLine && code !== 0 ? `: ${messageIn(lastLine)}` : ''}`;
}

const MESSAGE_CHARS_MAX = 1_000;

/** Engines report a failed load as one JSON line. */
function messageIn(line: string): string {
  try {
    const { message } = JSON.parse(line) as { message?: unknown };
    return typeof message === 'string' ? message.slice(0, MESSAGE_CHARS_MAX) : line.slice(0, MESSAGE_CHARS_MAX);
  } catch {
    return line.slice(0, MESSAGE_CHARS_MAX);
  }
}
