import { Fault, invalid } from '../../contract/errors.ts';
import type { Scope } from '../../contract/feeds.ts';

export const keyNotFound = (id: string) => new Fault('not_found', 'key_not_found', `There is no key "${id}" in this organisation.`);
export const orgNotFound = (name: string) => new Fault('not_found', 'organisation_not_found', `There is no organisation "${name}".`);
export const memberNotFound = (id: string) => new Fault('not_found', 'member_not_found', `There is no member "${id}" in this organisation.`);
export const nameTaken = (what: string, name: string) => new Fault('conflict', 'name_taken', `There is already ${what} "${name}".`);
export const scopeBeyondOwn = (scope: Scope) =>
  new Fault('permission_denied', 'scope_beyond_own', `A key can't be given the scope "${scope}", which the key that makes it does not have.`);
export const restrictedKey = () =>
  new Fault('permission_denied', 'restricted_key', 'A key with limits, allowed models or a budget of its own can make no other key, and change none but itself.');
export const roleBeyondOwn = () => new Fault('permission_denied', 'role_beyond_own', 'Only operators can make operators, and only in the platform organisation.');
export const expiryInPast = () => invalid('"expiresAt" must be in the future.', 'expiresAt');
export const keyNotLive = () => new Fault('conflict', 'key_not_live', 'A revoked or expired key can not be rotated; make a new one.');
