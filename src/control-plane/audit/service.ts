import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import { type Db, transact } from '../../db/open.ts';
import { type Archive, writeArchive } from './archives.ts';
import { nothingToArchive } from './errors.ts';
import { type Deed, type Entry, entryAfter, type SignedHead } from './model.ts';
import { Signer } from './signer.ts';
import { deleteUpTo, insertEntry, listEntries, lockHead, pageAfter, readHead, writeHead } from './store.ts';

const PAGE = 500;

export interface AuditOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** The home's own secret. */
  readonly signingKey: Buffer;
  /** Where archives are. */
  readonly folder: string;
  /** Told of each new head, to keep it where who changes the database does not reach. */
  anchored?(head: SignedHead): void;
}

/** Who did what: an append-only chain. */
export class Audit {
  readonly #options: AuditOptions;
  readonly #signer: Signer;
  readonly #archiving = new Mutex();

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#signer = new Signer(options.signingKey);
  }

  /** Resolves once the deed is stored. */
  async record(deed: Deed): Promise<void> {
    const { db, clock } = this.#options;
    const head = await transact(db, async (tx) => {
      const before = await lockHead(tx);
      const entry = entryAfter(before, clock.now(), deed);
      await insertEntry(tx, entry);
      const after = this.#signer.sign({ ...before, seq: entry.seq, hash: entry.hash });
      await writeHead(tx, after);
      return after;
    });
    this.#options.anchored?.(head);
  }

  /** What is not archived: the newest first. */
  list(query: { readonly orgId: string | undefined; readonly before?: number | undefined; readonly limit: number }): Promise<Entry[]> {
    return listEntries(this.#options.db, { ...query, before: query.before ?? Number.MAX_SAFE_INTEGER });
  }

  /**
   * Moves entries from before a time into a file: it is on the disk before the first of them leaves the database. A file that a stop left behind, whose
   * entries are still in the database, is written anew.
   * @throws Fault `nothing_to_archive`
   */
  archive(before: number): Promise<Archive> {
    return this.#archiving.run(() => this.#archive(before));
  }

  async #archive(before: number): Promise<Archive> {
    const { db, folder } = this.#options;
    const { archivedSeq } = await readHead(db);
    const [first] = await pageAfter(db, archivedSeq, 1);
    if (!first || first.at >= before) throw nothingToArchive();
    const { hash, ...archive } = await writeArchive(folder, this.#until(archivedSeq, before));
    const head = await transact(db, async (tx) => {
      const now = await lockHead(tx);
      const after = this.#signer.sign({ ...now, archivedSeq: archive.last, archivedHash: hash });
      await writeHead(tx, after);
      await deleteUpTo(tx, archive.last);
      return after;
    });
    this.#options.anchored?.(head);
    return archive;
  }

  async *#until(seq: number, before: number): AsyncIterable<Entry[]> {
    for (let after = seq; ;) {
      const page = await pageAfter(this.#options.db, after, PAGE);
      const end = page.findIndex(({ at }) => at >= before);
      const old = end < 0 ? page : page.slice(0, end);
      if (old.length > 0) yield old;
      const last = page.at(-1);
      if (!last || old.length < page.length) return;
      after = last.seq;
    }
  }
}
