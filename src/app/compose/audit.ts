import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Audit, type SignedHead } from '../../control-plane/audit/index.ts';
import type { Db } from '../../db/open.ts';
import { anchorFile } from '../home.ts';
import { Later } from '../feeds/later.ts';

export interface AuditParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly signingKey: Buffer;
  readonly folder: string;
  problem(error: unknown): void;
}

const KEEP_AFTER_MS = 1_000;

/** The audit log, and its head kept in the home: who can change the database alone can't cut off the log's tail unseen. */
export function composeAudit({ db, clock, signingKey, folder, problem }: AuditParts) {
  let head: SignedHead | undefined;
  const keep = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const partial = join(folder, 'head.partial');
    await writeFile(partial, `${JSON.stringify(head)}\n`, { mode: 0o600 });
    await rename(partial, anchorFile(folder));
  };
  const keeper = new Later(clock, KEEP_AFTER_MS, keep, problem);
  const audit = new Audit({
    db,
    clock,
    signingKey,
    folder,
    anchored(newer) {
      if (head && newer.seq < head.seq) return;
      head = newer;
      keeper.soon();
    },
  });
  return { audit, close: () => keeper.close() };
}
