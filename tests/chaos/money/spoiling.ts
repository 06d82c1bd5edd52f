import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../../src/db/open.ts';
import { type Audit, audit } from './auditor.ts';
import type { Evidence } from './evidence.ts';
import { readBook } from './read-book.ts';
import { fill } from './sound-book.ts';

/** A sound book in a file, copies of it to spoil, and what the auditor finds there. */
export class Spoiling {
  readonly #folder: string;
  readonly evidence: Omit<Evidence, 'book'>;

  private constructor(folder: string, evidence: Omit<Evidence, 'book'>) {
    this.#folder = folder;
    this.evidence = evidence;
  }

  static async start(): Promise<Spoiling> {
    const folder = mkdtempSync(join(tmpdir(), 'my-audit-'));
    const db = await openDatabase(join(folder, 'sound.db'));
    const evidence = await fill(db);
    await db.destroy();
    return new Spoiling(folder, evidence);
  }

  get file(): string {
    return join(this.#folder, 'book.db');
  }

  /** A fresh copy. */
  reset(): void {
    for (const end of ['', '-wal', '-shm']) rmSync(this.file + end, { force: true });
    copyFileSync(join(this.#folder, 'sound.db'), this.file);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async judge(more: Partial<Evidence> = {}): Promise<Audit> {
    return audit({ ...this.evidence, book: await readBook(this.file), ...more });
  }

  async named(more: Partial<Evidence> = {}): Promise<string[]> {
    return (await this.judge(more)).findings.map(({ kind, id }) => `${kind} ${id}`);
  }

  /** Changes the file as nobody may: past the triggers that protect the book. */
  found(...statements: string[]): Promise<string[]> {
    const db = new DatabaseSync(this.file);
    for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) db.exec(`DROP TRIGGER ${String(name)}`);
    for (const statement of statements) db.exec(statement);
    db.close();
    return this.named();
  }
}
