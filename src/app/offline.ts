import { systemClock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { Identity } from '../control-plane/identity/index.ts';
import { composeAudit } from './compose/audit.ts';
import type { Config } from './config.ts';
import { databaseOf, openHomeDatabase } from './database.ts';
import { openHome, readCredentials, writeCredentials } from './home.ts';
import { readSigningKey } from './signing-key.ts';

/** What can be done to a home without a server: it must not be in use. */

/** Makes a new operator key, revokes the ones before it, and writes the CLI's login. */
export async function resetOperatorKey(config: Config): Promise<{ readonly key: string; readonly credentials: string }> {
  const { folder, release } = await openHome(config.home, 'being repaired offline');
  const db = await openHomeDatabase(databaseOf(config.databaseUrl, folder.database));
  try {
    const identity = new Identity({ db, clock: systemClock, changed: () => undefined });
    const { plain, key } = await identity.resetOperator().catch((error: unknown) => {
      if (error instanceof Fault) throw new Fault('not_found', 'empty_home', `The home ${config.home} has never been started; "modelyard up" makes its first key.`);
      throw error;
    });
    const audit = composeAudit({ db, clock: systemClock, signingKey: await readSigningKey(folder.signingKey), folder: folder.audit, problem: () => undefined });
    await audit.audit.record({ orgId: key.orgId, keyId: 'local', operation: 'resetOperatorKey', object: key.id, address: 'local', requestId: '', outcome: 200 });
    await audit.close();
    const known = await readCredentials(folder.credentials);
    await writeCredentials(folder.credentials, { url: known?.url ?? `http://${config.host}:${config.port}`, key: plain });
    return { key: plain, credentials: folder.credentials };
  } finally {
    await db.destroy();
    await release();
  }
}
