import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { CallerEntry, KeyLimits, Scope } from '../../contract/feeds.ts';
import { generateKey, hashKey } from '../../contract/key-format.ts';
import { type Db, transact, type Tx } from '../../db/open.ts';
import { expiryInPast, keyNotFound, keyNotLive, memberNotFound, nameTaken, orgNotFound, restrictedKey, roleBeyondOwn, scopeBeyondOwn } from './errors.ts';
import { isLive, type Key, type Member, type Organisation, PLATFORM, type Role, SCOPES_OF, shownPart, type StoredKey } from './model.ts';
import * as store from './store.ts';

/** Who asks, and within which bounds. A `CallerEntry` is one. */
export type Actor = Pick<CallerEntry, 'keyId' | 'orgId' | 'scopes' | 'allowedModels' | 'expiresAtMs' | 'limits'>;

export interface NewKey {
  readonly orgId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly allowedModels?: readonly string[];
  readonly expiresAt?: number;
  readonly limits?: KeyLimits;
}

export interface MadeKey {
  readonly key: Key;
  /** The only time that the plain text is to be had. */
  readonly plain: string;
}

export interface IdentityOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Told of every key that is new or changed, and waited for, before the change is reported as done. */
  changed(key: StoredKey, what: 'created' | 'revoked' | 'rotated'): void | Promise<void>;
  /** Whether a key has a budget of its own; absent: none has. */
  isBudgeted?(keyId: string): boolean;
}

/** Organisations, members and keys. */
export class Identity {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #changed: IdentityOptions['changed'];
  readonly #isBudgeted: (keyId: string) => boolean;

  constructor({ db, clock, changed, isBudgeted = () => false }: IdentityOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#changed = changed;
    this.#isBudgeted = isBudgeted;
  }

  /** The platform's organisation; made at the first boot, together with the operator's key, which is only then returned. */
  async ensurePlatform(): Promise<{ readonly org: Organisation; readonly operatorKey: string | undefined }> {
    const known = await store.orgByName(this.#db, PLATFORM);
    if (known) return { org: known, operatorKey: undefined };
    const now = this.#clock.now();
    const org: Organisation = { id: newId('org', now), name: PLATFORM, createdAt: now };
    const made = await transact(this.#db, async (tx) => {
      await store.insertOrg(tx, org);
      await store.insertMember(tx, { id: newId('mem', now), orgId: org.id, name: 'operator', role: 'operator', createdAt: now });
      return this.#insertKey(tx, { orgId: org.id, name: 'operator', scopes: SCOPES_OF.operator }, PLATFORM);
    });
    await this.#changed(made.stored, 'created');
    return { org, operatorKey: made.plain };
  }

  /** A new operator key; the ones before it, by the name `operator`, are revoked. For `modelyard keys reset-operator`. */
  async resetOperator(): Promise<MadeKey> {
    const org = await this.orgByName(PLATFORM);
    for (const key of await store.listKeys(this.#db, org.id)) {
      if (key.name === 'operator' && key.revokedAt === null) await this.#revoke(key);
    }
    return this.#announce(await this.#insertKey(this.#db, { orgId: org.id, name: 'operator', scopes: SCOPES_OF.operator }, PLATFORM), 'created');
  }

  async createOrg(name: string): Promise<Organisation> {
    if (await store.orgByName(this.#db, name)) throw nameTaken('an organisation', name);
    const now = this.#clock.now();
    const org = { id: newId('org', now), name, createdAt: now };
    await store.insertOrg(this.#db, org);
    return org;
  }

  listOrgs(): Promise<Organisation[]> {
    return store.listOrgs(this.#db);
  }

  async orgByName(name: string): Promise<Organisation> {
    const org = await store.orgByName(this.#db, name);
    if (!org) throw orgNotFound(name);
    return org;
  }

  /** Whose objects are meant: the actor's own organisation's, or for operators the named one's. To all others that one does not exist. */
  async orgIdFor(actor: Actor, name: string | undefined): Promise<string> {
    if (name === undefined) return actor.orgId;
    const org = await store.orgByName(this.#db, name);
    if (!org || (org.id !== actor.orgId && !actor.scopes.includes('operator'))) throw orgNotFound(name);
    return org.id;
  }

  async addMember(actor: Actor, member: { readonly orgId: string; readonly name: string; readonly role: Role }): Promise<Member> {
    const isPlatform = member.orgId === (await this.orgByName(PLATFORM)).id;
    if (member.role === 'operator' && !(isPlatform && actor.scopes.includes('operator'))) throw roleBeyondOwn();
    if ((await store.listMembers(this.#db, member.orgId)).some(({ name }) => name === member.name)) throw nameTaken('a member', member.name);
    const now = this.#clock.now();
    const made = { ...member, id: newId('mem', now), createdAt: now };
    await store.insertMember(this.#db, made);
    return made;
  }

  listMembers(orgId: string): Promise<Member[]> {
    return store.listMembers(this.#db, orgId);
  }

  async removeMember(orgId: string, id: string): Promise<void> {
    if (!(await store.deleteMember(this.#db, orgId, id))) throw memberNotFound(id);
  }

  async createKey(actor: Actor, wanted: NewKey): Promise<MadeKey> {
    checkScopes(actor, wanted.scopes);
    if (this.#isRestricted(actor)) throw restrictedKey();
    if (wanted.expiresAt !== undefined && wanted.expiresAt <= this.#clock.now()) throw expiryInPast();
    const expiresAt = boundedExpiry(actor, wanted.expiresAt);
    const key: NewKey = { ...wanted, ...(expiresAt !== undefined && { expiresAt }) };
    return this.#announce(await this.#insertKey(this.#db, key, await this.#orgName(wanted.orgId)), 'created');
  }

  async listKeys(orgId: string): Promise<Key[]> {
    return (await store.listKeys(this.#db, orgId)).map(withoutHash);
  }

  /** Keys as the callers feed needs them: of these organisations, or all. */
  listLive(orgIds?: readonly string[], on: Db | Tx = this.#db): Promise<StoredKey[]> {
    return store.listUnrevoked(on, orgIds);
  }

  /** Keys that were rotated, with those that replaced them; the oldest first. */
  listReplacements(): Promise<(readonly [key: string, by: string])[]> {
    return store.listReplacements(this.#db);
  }

  async revokeKey(actor: Actor, id: string): Promise<void> {
    const key = await this.#ownKey(actor, id);
    if (key.revokedAt === null) await this.#revoke(key);
  }

  /** A new key with the same rights; the old one stays good for `overlapMs` more (X4). */
  async rotateKey(actor: Actor, id: string, overlapMs: number): Promise<MadeKey> {
    const old = await this.#ownKey(actor, id);
    const now = this.#clock.now();
    if (!isLive(old, now)) throw keyNotLive();
    const { orgId, name, scopes, allowedModels, limits, expiresAt } = old;
    const wanted: NewKey = { orgId, name, scopes, limits, ...(allowedModels && { allowedModels }), ...(expiresAt !== null && { expiresAt }) };
    const until = Math.min(now + overlapMs, old.expiresAt ?? Number.POSITIVE_INFINITY);
    const made = await transact(this.#db, async (tx) => {
      const next = await this.#insertKey(tx, wanted, old.orgName);
      await store.updateKey(tx, old.id, { expires_at: until, replaced_by: next.stored.id });
      return next;
    });
    await this.#changed({ ...old, expiresAt: until, replacedBy: made.stored.id }, 'rotated');
    return this.#announce(made, 'created');
  }

  async #revoke(key: StoredKey): Promise<void> {
    const revokedAt = this.#clock.now();
    await store.updateKey(this.#db, key.id, { revoked_at: revokedAt });
    await this.#changed({ ...key, revokedAt }, 'revoked');
  }

  /** Another organisation's key is as unknown as one that never was; one with more rights than the actor's is not for it to touch. */
  async #ownKey(actor: Actor, id: string): Promise<StoredKey> {
    const key = await store.keyById(this.#db, id);
    if (!key || (key.orgId !== actor.orgId && !actor.scopes.includes('operator'))) throw keyNotFound(id);
    checkScopes(actor, key.scopes);
    if (this.#isRestricted(actor) && key.id !== actor.keyId) throw restrictedKey();
    return key;
  }

  /** A key with bounds of its own: another key would be the way round them. */
  #isRestricted({ keyId, allowedModels, limits }: Actor): boolean {
    return allowedModels !== undefined || Object.keys(limits).length > 0 || this.#isBudgeted(keyId);
  }

  async #orgName(orgId: string): Promise<string> {
    const org = (await store.listOrgs(this.#db)).find(({ id }) => id === orgId);
    if (!org) throw orgNotFound(orgId);
    return org.name;
  }

  async #insertKey(on: Db | Tx, wanted: NewKey, orgName: string): Promise<{ stored: StoredKey; plain: string }> {
    const now = this.#clock.now();
    const plain = generateKey();
    const stored: StoredKey = {
      id: newId('key', now),
      orgId: wanted.orgId,
      orgName,
      name: wanted.name,
      hash: hashKey(plain),
      ...shownPart(plain),
      scopes: wanted.scopes,
      allowedModels: wanted.allowedModels ?? null,
      limits: wanted.limits ?? {},
      createdAt: now,
      expiresAt: wanted.expiresAt ?? null,
      revokedAt: null,
      replacedBy: null,
    };
    await store.insertKey(on, stored);
    return { stored, plain };
  }

  async #announce({ stored, plain }: { stored: StoredKey; plain: string }, what: 'created'): Promise<MadeKey> {
    await this.#changed(stored, what);
    return { key: withoutHash(stored), plain };
  }
}

/** @throws Fault when `scopes` has one that the actor lacks */
function checkScopes(actor: Actor, scopes: readonly Scope[]): void {
  const beyond = scopes.find((scope) => !actor.scopes.includes(scope));
  if (beyond) throw scopeBeyondOwn(beyond);
}

/** A key never outlives the key that made it. */
function boundedExpiry({ expiresAtMs }: Actor, wanted: number | undefined): number | undefined {
  return expiresAtMs === undefined ? wanted : Math.min(expiresAtMs, wanted ?? expiresAtMs);
}

function withoutHash({ hash: _hash, orgName: _orgName, ...key }: StoredKey): Key {
  return key;
}
