import { randomBytes } from 'node:crypto';
import { Modelyard } from '@modelyard/sdk';
import type { Server } from '../lib/server.ts';

/** Somebody with a key of its own. */
export interface Party {
  readonly org: string;
  readonly key: string;
  readonly client: Modelyard;
}

/** Who takes part: each sees what its key lets it see, and nothing else. */
export interface Parties {
  readonly url: string;
  /** Runs the installation. */
  readonly operator: Modelyard;
  readonly operatorKey: string;
  readonly publisher: Party;
  readonly consumer: Party;
}

/** Makes two organisations with a key each. Their names are new each time, so that the story can be told again on the same server. */
export async function invite({ url, key: operatorKey, client: operator }: Server): Promise<Parties> {
  const suffix = randomBytes(3).toString('hex');
  const party = async (name: string, role: 'publisher' | 'consumer'): Promise<Party> => {
    const org = `${name}-${suffix}`;
    await operator.post('/api/v1/orgs', { body: { name: org } });
    const { key } = await operator.post('/api/v1/keys', { body: { name: role, org, role } });
    return { org, key, client: new Modelyard({ url, key }) };
  };
  return { url, operator, operatorKey, publisher: await party('lab', 'publisher'), consumer: await party('acme', 'consumer') };
}
