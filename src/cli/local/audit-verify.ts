import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadConfig } from '../../app/config.ts';
import { databaseOf, openHomeDatabase } from '../../app/database.ts';
import { readEnvironment } from '../../app/env.ts';
import { anchorFile, homeFolder } from '../../app/home.ts';
import { readSigningKey } from '../../app/signing-key.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { type SignedHead, verifyAudit } from '../../control-plane/audit/index.ts';
import { paint } from '../terminal.ts';

interface VerifyFlags {
  readonly home?: string;
  readonly archives?: string;
  readonly head?: string;
  readonly json?: boolean;
}

/** `modelyard audit verify`: of a home, in use or not. */
export function addAuditVerify(audit: Command): void {
  audit
    .command('verify')
    .description('recompute the log and its archives, and compare them with the signed head')
    .option('--home <folder>', 'the home; otherwise MODELYARD_HOME, otherwise ~/.modelyard')
    .option('--archives <folder>', 'where the archives are, if not in the home')
    .option('--head <file>', "a copy of the home's audit/head.json that was kept elsewhere")
    .option('--json', 'print JSON for programs')
    .action(verify);
}

async function verify(flags: VerifyFlags): Promise<void> {
  const { home, databaseUrl } = loadConfig(flags.home === undefined ? {} : { home: flags.home }, readEnvironment());
  const folder = homeFolder(home);
  const anchor = await readAnchor(flags.head ?? anchorFile(folder.audit), flags.head !== undefined);
  const db = await openHomeDatabase(databaseOf(databaseUrl, folder.database));
  try {
    const verified = await verifyAudit({ db, signingKey: await readSigningKey(folder.signingKey), folder: flags.archives ?? folder.audit, anchor });
    const { entries, archived, archives, faults } = verified;
    if (flags.json) process.stdout.write(`${JSON.stringify(verified, null, 2)}\n`);
    else {
      process.stdout.write(`${entries} entries, ${archived} of them in ${archives} archives${anchor ? '' : '; no head was kept beside the database'}\n`);
      for (const fault of faults) process.stdout.write(`${paint('red', '✗')} ${fault}\n`);
      if (faults.length === 0) process.stdout.write(`${paint('green', '✓')} the log is what was written\n`);
    }
    if (faults.length > 0) throw new Fault('conflict', 'audit_damaged', `The audit log is not what was written: ${faults[0]}.`);
  } finally {
    await db.destroy();
  }
}

async function readAnchor(file: string, isWanted: boolean): Promise<SignedHead | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && !isWanted) return undefined;
    throw invalid(`${file} can not be read (${error.code ?? 'unknown'}).`, '--head');
  });
  try {
    const head = text === undefined ? undefined : (JSON.parse(text) as SignedHead | null);
    if (head === undefined || (typeof head?.signature === 'string' && Number.isSafeInteger(head.seq))) return head;
    throw new TypeError('no head');
  } catch {
    throw invalid(`${file} is no head of an audit log.`, '--head');
  }
}
