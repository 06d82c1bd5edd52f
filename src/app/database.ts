import { Fault, invalid } from '../contract/errors.ts';
import { type Db, isPostgresUrl, openDatabase } from '../db/open.ts';

/** @throws Fault for what is no URL of a PostgreSQL database; it does not repeat the text, which may hold a password */
export function parseDatabaseUrl(text: string, param: string): string {
  if (!isPostgresUrl(text) || !URL.canParse(text))
    throw invalid(`${param} is not the URL of a PostgreSQL database; it must look like postgres://user:password@host:5432/name.`, param);
  return text;
}

/** The database of a home: what `DATABASE_URL` names, otherwise the home's own file. */
export function databaseOf(databaseUrl: string | undefined, file: string): string {
  return databaseUrl ?? file;
}

/** What people are told of it: a file's path, or a URL without password and settings. */
export function databaseName(target: string): string {
  if (!isPostgresUrl(target)) return target;
  const url = new URL(target);
  url.password = '';
  url.search = '';
  return url.href;
}

/** Opens a home's database and brings it to the newest schema. @throws Fault, without a password, when a PostgreSQL database can't be opened */
export async function openHomeDatabase(target: string): Promise<Db> {
  return openDatabase(target).catch((error: unknown) => {
    throw isPostgresUrl(target) ? unreachable(target, error) : error;
  });
}

function unreachable(target: string, error: unknown): Fault {
  const { message, code } = error as { readonly message?: string; readonly code?: string };
  const { password } = new URL(target);
  let reason = message || code || 'it does not answer';
  for (const secret of [password, decodeURIComponent(password)]) if (secret !== '') reason = reason.replaceAll(secret, '…');
  // No cause: what is below may hold the whole URL.
  return new Fault('unavailable', 'database_unreachable', `The database ${databaseName(target)} can not be opened: ${reason}.`);
}
