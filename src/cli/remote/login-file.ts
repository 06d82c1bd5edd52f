import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where the commands find their server. `login.json` is what `modelyard login` wrote; `credentials.json` is the operator's own,
 * written by the server at its first boot, and never overwritten by a login.
 */
export interface Login {
  readonly url: string;
  readonly key: string;
}

const FILES = ['login.json', 'credentials.json'] as const;

/** The login in use, and the file that it is in. */
export async function readLogin(home: string): Promise<{ readonly login: Login; readonly file: string } | undefined> {
  for (const name of FILES) {
    const file = join(home, name);
    const login = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as Login,
      () => undefined,
    );
    if (login) return { login, file };
  }
  return undefined;
}

/** Writes a login, mode 0600, whole or not at all. */
export async function writeLogin(file: string, login: Login): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export function loginFile(home: string): string {
  return join(home, FILES[0]);
}

export async function forgetLogin(home: string): Promise<void> {
  await rm(loginFile(home), { force: true });
}
