import type { CallerEntry, Offer } from '../../contract/feeds.ts';
import type { StoredKey } from '../identity/index.ts';

/** The offers of a key that no subscription is bound to. */
function ownOffers({ orgId, scopes }: Pick<StoredKey, 'orgId' | 'scopes'>): Offer[] {
  if (!scopes.includes('inference')) return [];
  return [{ deployments: scopes.includes('operator') ? { of: 'all' } : { of: 'org', orgId }, price: 'unpriced' }];
}

/** A key with all that a call needs to know of it, joined. */
export function callerEntry(key: StoredKey): CallerEntry {
  return {
    hash: key.hash,
    keyId: key.id,
    orgId: key.orgId,
    orgName: key.orgName,
    scopes: key.scopes,
    allowedModels: key.allowedModels ?? undefined,
    expiresAtMs: key.expiresAt ?? undefined,
    limits: key.limits,
    budgets: [],
    offers: ownOffers(key),
  };
}
