import { join } from 'node:path';
import { CappedFile } from '../../base/capped-file.ts';

const LINES_MAX = 500;
const LINE_CHARS_MAX = 4_000;

/** What a deployment's engines wrote: the newest lines in memory, and in a file that is cut over when it is full. */
export class LogBuffer {
  readonly #file: CappedFile;
  readonly #lines: string[] = [];

  constructor(folder: string, deployment: string) {
    this.#file = new CappedFile(join(folder, `${deployment.replaceAll('/', '~')}.log`), { lost: (lines) => `… ${lines} lines are lost: they could not be written` });
  }

  add(line: string): void {
    const cut = line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line;
    this.#lines.push(cut);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
    this.#file.add(cut);
  }

  tail(linesMax: number): readonly string[] {
    return this.#lines.slice(-linesMax);
  }
}
