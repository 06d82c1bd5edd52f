import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const FILE_BYTES_MAX = 8 * 1_048_576;
/** What waits for a disk that is slower than what is written, characters. */
const WAITING_CHARACTERS_MAX = 1_048_576;

export interface CappedFileOptions {
  /** The line that stands where lines are missing. */
  lost(lines: number): string;
  /** Tests use smaller ones. */
  readonly bytesMax?: number;
}

/**
 * Lines in a file that is cut over when it is full: the one before is kept as `NAME.1`, none before that. A disk that takes nothing, or takes it too slowly,
 * costs lines, never the process (S30).
 */
export class CappedFile {
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #lost: (lines: number) => string;
  #waiting: string[] = [];
  #characters = 0;
  #lostLines = 0;
  #writing: Promise<void> | undefined;
  /** Undefined: not known yet. */
  #size: number | undefined;

  constructor(path: string, { lost, bytesMax = FILE_BYTES_MAX }: CappedFileOptions) {
    this.#path = path;
    this.#lost = lost;
    this.#bytesMax = bytesMax;
  }

  /** Adds a line, given without its end. Never throws. */
  add(line: string): void {
    if (this.#characters + line.length > WAITING_CHARACTERS_MAX) {
      this.#lostLines++;
      return;
    }
    this.#waiting.push(line);
    this.#characters += line.length;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all that was added is written, or lost. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      const lostBefore = this.#lostLines;
      this.#waiting = [];
      this.#characters = 0;
      this.#lostLines = 0;
      try {
        await this.#append(`${[...(lostBefore > 0 ? [this.#lost(lostBefore)] : []), ...lines].join('\n')}\n`);
      } catch {
        // Part of it may stand there.
        this.#size = undefined;
        this.#lostLines += lostBefore + lines.length;
      }
    }
    this.#writing = undefined;
  }

  async #append(text: string): Promise<void> {
    if (this.#size === undefined) {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      this.#size = (await stat(this.#path).catch(() => undefined))?.size ?? 0;
    }
    if (this.#size > this.#bytesMax) {
      await rename(this.#path, `${this.#path}.1`);
      this.#size = 0;
    }
    await appendFile(this.#path, text, { mode: 0o600 });
    this.#size += Buffer.byteLength(text);
  }
}
