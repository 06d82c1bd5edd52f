import type { LogFile, LogStorage } from './storage.ts';

/**
 * A disk in memory that can fail: it crashes at the n-th write (leaving a torn prefix of it), and a power loss drops what
 * was not synced. The same seed gives the same run.
 */
export class CrashingStorage implements LogStorage {
  readonly #files = new Map<string, { bytes: Buffer; synced: number }>();
  #writesLeft = Number.POSITIVE_INFINITY;
  #tear = 0;
  dead = false;

  /** The write after `writes` more is torn at the fraction `tear` of its bytes, and the process is dead. */
  crashAfter(writes: number, tear: number): void {
    this.#writesLeft = writes;
    this.#tear = tear;
  }

  /** A new process finds what was written (`kill`) or only what was synced (`power-loss`). */
  restart(how: 'kill' | 'power-loss'): void {
    this.dead = false;
    this.#writesLeft = Number.POSITIVE_INFINITY;
    if (how === 'kill') return;
    for (const file of this.#files.values()) file.bytes = file.bytes.subarray(0, file.synced);
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()].toSorted();
  }

  async create(name: string): Promise<LogFile> {
    this.#alive();
    const file = { bytes: Buffer.alloc(0), synced: 0 };
    this.#files.set(name, file);
    return {
      write: async (bytes) => {
        this.#alive();
        if (this.#writesLeft-- <= 0) {
          this.dead = true;
          file.bytes = Buffer.concat([file.bytes, bytes.subarray(0, Math.floor(bytes.length * this.#tear))]);
          throw new Error('crashed');
        }
        file.bytes = Buffer.concat([file.bytes, bytes]);
      },
      sync: async () => {
        this.#alive();
        file.synced = file.bytes.length;
      },
      close: async () => undefined,
    };
  }

  async read(name: string, offset: number, bytesMax: number): Promise<Buffer> {
    this.#alive();
    return this.#files.get(name)?.bytes.subarray(offset, offset + bytesMax) ?? Buffer.alloc(0);
  }

  async remove(name: string): Promise<void> {
    this.#alive();
    this.#files.delete(name);
  }

  #alive(): void {
    if (this.dead) throw new Error('crashed');
  }
}
