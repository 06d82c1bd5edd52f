import { type KeyLimits, type Scope, SCOPES } from '../../contract/feeds.ts';

/** What each role may do. A role is a starting set of scopes; a key can have fewer. */
export const ROLES = ['operator', 'publisher', 'consumer'] as const;
export type Role = (typeof ROLES)[number];

const CONSUMER: readonly Scope[] = ['inference', 'models.read', 'deployments.read', 'keys', 'usage', 'subscriptions'];
const PUBLISHER: readonly Scope[] = [...CONSUMER, 'models.write', 'deployments.write', 'members'];

export const SCOPES_OF: Readonly<Record<Role, readonly Scope[]>> = { operator: SCOPES, publisher: PUBLISHER, consumer: CONSUMER };

/** The organisation that runs this installation; its models have short names. */
export const PLATFORM = 'platform';

export interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface Member {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
}

/** A key as anybody may see it after it was made. */
export interface Key {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  /** First four characters after `my_`, and the last four: eight in all, no more (X2). */
  readonly prefix: string;
  readonly last4: string;
  readonly scopes: readonly Scope[];
  readonly allowedModels: readonly string[] | null;
  readonly limits: KeyLimits;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly replacedBy: string | null;
}

/** A key with what the data plane needs to recognise it. */
export interface StoredKey extends Key {
  readonly hash: string;
  readonly orgName: string;
}

/** Whether the key is good at `now`. */
export function isLive({ revokedAt, expiresAt }: Key, now: number): boolean {
  return revokedAt === null && (expiresAt === null || now < expiresAt);
}

export function shownPart(plain: string): { prefix: string; last4: string } {
  return { prefix: plain.slice(0, 7), last4: plain.slice(-4) };
}
