import type { Db } from '../../db/open.ts';
import { type Archive, listArchives, readArchive } from './archives.ts';
import { Chain, type SignedHead } from './model.ts';
import { Signer } from './signer.ts';
import { pageAfter, readHead } from './store.ts';

const PAGE = 1_000;

export interface VerifyOptions {
  readonly db: Db;
  readonly signingKey: Buffer;
  readonly folder: string;
  /** A head that was kept elsewhere. */
  readonly anchor?: SignedHead | undefined;
}

export interface Verified {
  readonly entries: number;
  readonly archived: number;
  readonly archives: number;
  readonly hash: string;
  /** Empty: the log is what it was. Each names the entry. */
  readonly faults: readonly string[];
}

/** Recomputes the whole log, archives first, and compares it with what was signed. */
export async function verifyAudit({ db, signingKey, folder, anchor }: VerifyOptions): Promise<Verified> {
  const signer = new Signer(signingKey);
  const head = await readHead(db);
  const chain = new Chain([
    { seq: head.archivedSeq, hash: head.archivedHash, of: 'the signed head, as the last that is archived,' },
    { seq: head.seq, hash: head.hash, of: 'the signed head' },
    ...(anchor ? [{ seq: anchor.seq, hash: anchor.hash, of: 'the head that was kept beside the database' }] : []),
  ]);
  for (const [one, what] of [[head, 'the head'] as const, ...(anchor ? [[anchor, 'the head that was kept beside the database'] as const] : [])])
    if (one.seq > 0 && !signer.isOwn(one)) chain.found(`${what} is not signed by this home's key ${signer.id}: it was changed, or is another home's (${one.signer})`);
  const archives = await listArchives(folder);
  for (const archive of archives) if (archive.first <= head.archivedSeq) await takeArchive(chain, archive);
  const archived = chain.last.seq;
  if (archived < head.archivedSeq) chain.found(`entries ${archived + 1} to ${head.archivedSeq} are archived, and in no file of ${folder}`);
  for (let after = chain.last.seq; ;) {
    const page = await pageAfter(db, after, PAGE);
    for (const entry of page) chain.take(entry);
    const last = page.at(-1);
    if (!last) break;
    after = last.seq;
  }
  chain.end();
  // What was added meanwhile has a head of its own.
  if (chain.last.seq > head.seq && (await readHead(db)).seq < chain.last.seq) chain.found(`entry ${head.seq + 1} was added after the signed head`);
  return { entries: chain.last.seq, archived, archives: archives.length, hash: chain.last.hash, faults: chain.faults };
}

async function takeArchive(chain: Chain, archive: Archive): Promise<void> {
  try {
    for await (const entry of readArchive(archive)) chain.take(entry);
  } catch (error) {
    chain.found((error as Error).message);
  }
}
