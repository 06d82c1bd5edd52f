import type { UsageRecord } from '../contract/usage.ts';
import type { LogFile, LogStorage } from './storage.ts';

export function usageRecord(requestId: string, more: Partial<UsageRecord> = {}): UsageRecord {
  return {
    requestId,
    startedAt: 1,
    orgId: 'org',
    keyId: 'key',
    deployment: 'echo',
    revision: 'rev',
    model: 'echo',
    version: 1,
    operation: 'chat',
    status: 'ok',
    httpStatus: 200,
    promptTokens: 1,
    cachedTokens: 0,
    completionTokens: 2,
    rows: 0,
    requestBytes: 3,
    responseBytes: 4,
    estimated: false,
    attempts: 1,
    durationMs: 5,
    stages: {},
    subscription: '',
    priceVersion: '',
    lease: '',
    ...more,
  };
}

/**
 * A disk in memory that can fail: it crashes at the n-th write (leaving a torn prefix of it), and a power loss drops what
 * was not synced. The same seed gives the same run.
 */
export class CrashingStorage implements LogStorage {
  readonly #files = new Map<string, { bytes: Buffer; synced: number }>();
  #writesLeft = Number.POSITIVE_INFINITY;
  #tear = 0;
  dead = false;
  /** How often bytes were read. A look that finds the end is not counted. */
  reads = 0;
  /** So many syncs fail from now on. */
  syncsToFail = 0;

  /** A segment that a former process has left. */
  leave(name: string, text: string): void {
    this.#files.set(name, { bytes: Buffer.from(text), synced: 0 });
  }

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
        if (this.syncsToFail-- > 0) throw new Error('the disk failed');
        file.synced = file.bytes.length;
      },
      close: async () => undefined,
    };
  }

  async read(name: string, offset: number, bytesMax: number): Promise<Buffer> {
    this.#alive();
    const bytes = this.#files.get(name)?.bytes.subarray(offset, offset + bytesMax) ?? Buffer.alloc(0);
    if (bytes.length > 0) this.reads++;
    return bytes;
  }

  async sync(name: string): Promise<void> {
    this.#alive();
    const file = this.#files.get(name);
    if (file) file.synced = file.bytes.length;
  }

  async remove(name: string): Promise<void> {
    this.#alive();
    this.#files.delete(name);
  }

  #alive(): void {
    if (this.dead) throw new Error('crashed');
  }
}
