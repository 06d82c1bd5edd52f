import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Mutex } from '../../base/mutex.ts';

const LINES_MAX = 500;
const LINE_CHARS_MAX = 4_000;
const FILE_BYTES_MAX = 8 * 1_048_576;

/** What a deployment's engines wrote: the newest lines in memory, all of it in a file that is cut over at 8 MiB. */
export class LogBuffer {
  readonly #file: string;
  readonly #lines: string[] = [];
  readonly #turns = new Mutex();

  constructor(folder: string, deployment: string) {
    this.#file = join(folder, `${deployment.replaceAll('/', '~')}.log`);
  }

  add(line: string): void {
    const cut = line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line;
    this.#lines.push(cut);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
    // A full disk costs the file its lines, never the engine its life.
    this.#turns.run(() => this.#write(`${cut}\n`)).catch(() => undefined);
  }

  tail(linesMax: number): readonly string[] {
    return this.#lines.slice(-linesMax);
  }

  async #write(text: string): Promise<void> {
    await mkdir(join(this.#file, '..'), { recursive: true, mode: 0o700 });
    const { size } = await stat(this.#file).catch(() => ({ size: 0 }));
    if (size > FILE_BYTES_MAX) await rename(this.#file, `${this.#file}.1`);
    await appendFile(this.#file, text, { mode: 0o600 });
  }
}
