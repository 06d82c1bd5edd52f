import type { Evidence, PriceChange, UsageRow } from './evidence.ts';
import type { Finding } from './findings.ts';

/** Clocks of one machine, read in whole milliseconds. */
const ROUNDING_MS = 5;
/** A gateway looks for changes every 200 ms; for some seconds it may not reach a database that was killed. */
const LAG_MS = 5_000;

/** Whether each call went by terms that held for it when it was admitted: its contract, a version of the price that this had come to, and a key that was good. */
export function auditTerms({ clients, changes, book }: Evidence): Finding[] {
  const prices = new Map(book.prices.map((price) => [price.id, price]));
  const subscriptions = new Map(book.subscriptions.map((subscription) => [subscription.id, subscription]));
  const history = Map.groupBy(changes, ({ subscription }) => subscription);
  const calls = book.usage.flatMap((row): Finding[] => {
    if (row.priceVersion === '' && row.subscription === '') return [];
    const fault = (what: string): Finding[] => [{ kind: 'stale_terms', id: row.id, what }];
    const contract = subscriptions.get(row.subscription);
    if (!contract) return fault(`there is no contract ${row.subscription}`);
    if (contract.orgId !== row.orgId || contract.deployment !== row.deployment) return fault(`the contract ${contract.id} is not of ${row.orgId} for ${row.deployment}`);
    if (prices.get(row.priceVersion)?.plan !== contract.plan) return fault(`${row.priceVersion} is no price of the plan ${contract.plan}`);
    const held = history.get(contract.id);
    return held && !heldThen(held, row) ? fault(`${row.priceVersion} did not hold for ${contract.id} at ${row.startedAt}`) : [];
  });
  return [...calls, ...standingFaults(history, subscriptions), ...callerFaults(clients, book.usage), ...keyFaults(book)];
}

/** From when it was ordered until its successor's time has come for certain. */
function heldThen(changes: readonly PriceChange[], { priceVersion, startedAt }: UsageRow): boolean {
  return changes.some(({ version, from }, at) => {
    const next = changes[at + 1];
    return version === priceVersion && startedAt >= from - ROUNDING_MS && (next === undefined || startedAt <= next.until + LAG_MS);
  });
}

/** In the end each contract stands at the version that it came to last. */
function standingFaults(history: ReadonlyMap<string, readonly PriceChange[]>, subscriptions: ReadonlyMap<string, { readonly priceVersion: string }>): Finding[] {
  return [...history].flatMap(([id, changes]): Finding[] => {
    const last = changes.at(-1)?.version;
    const stands = subscriptions.get(id)?.priceVersion;
    return stands === last ? [] : [{ kind: 'stale_terms', id, what: `it stands at ${stands ?? 'nothing'}, it came to ${last ?? 'nothing'}` }];
  });
}

/** Each answered call is recorded for who called, what, and by the contract that was meant. */
function callerFaults(clients: Evidence['clients'], usage: readonly UsageRow[]): Finding[] {
  const rows = new Map(usage.map((row) => [row.id, row]));
  const found = clients.flatMap(({ id, outcome, orgId, model, subscription }): Finding[] => {
    const row = id === undefined || outcome !== 'whole' ? undefined : rows.get(id);
    const isSame = !row || (row.orgId === orgId && row.deployment === model && row.subscription === subscription);
    return isSame || !row
      ? []
      : [{ kind: 'stale_terms', id: row.id, what: `${orgId} called ${model} by "${subscription}"; recorded are ${row.orgId}, ${row.deployment}, "${row.subscription}"` }];
  });
  return [...new Map(found.map((finding) => [finding.id, finding])).values()];
}

function keyFaults({ usage, keys }: Evidence['book']): Finding[] {
  const byId = new Map(keys.map((key) => [key.id, key]));
  return usage.flatMap((row): Finding[] => {
    const key = byId.get(row.keyId);
    const fault = (what: string): Finding[] => [{ kind: 'stale_terms', id: row.id, what }];
    if (!key) return fault(`there is no key ${row.keyId}`);
    if (key.orgId !== row.orgId) return fault(`its key is of ${key.orgId}`);
    return key.endsAt !== undefined && row.startedAt > key.endsAt + LAG_MS ? fault(`its key had ended ${row.startedAt - key.endsAt} ms before`) : [];
  });
}
