import { chargeOf, sharesOf, unitsOf } from './arithmetic.ts';
import { chargedCall } from './audit-book.ts';
import type { Attempt, Book, Evidence, PriceVersion, Run, Transaction, UsageRow } from './evidence.ts';
import type { Finding } from './findings.ts';

/** Usage rows, charges, runs and attempts of one call, joined by its id. */
interface Joined {
  readonly rows: ReadonlyMap<string, readonly UsageRow[]>;
  readonly charges: ReadonlyMap<string, readonly Transaction[]>;
  readonly runs: ReadonlyMap<string, readonly Run[]>;
  readonly attempts: ReadonlyMap<string, readonly Attempt[]>;
  readonly prices: ReadonlyMap<string, PriceVersion>;
}

function join({ truth, clients, book }: Evidence): Joined {
  return {
    rows: Map.groupBy(book.usage, ({ id }) => id),
    charges: Map.groupBy(
      book.transactions.filter((transaction) => chargedCall(transaction) !== undefined),
      (transaction) => chargedCall(transaction) ?? '',
    ),
    runs: Map.groupBy(truth, ({ id }) => id),
    attempts: Map.groupBy(
      clients.filter(({ id }) => id !== undefined),
      ({ id }) => id ?? '',
    ),
    prices: new Map(book.prices.map((price) => [price.id, price])),
  };
}

/** What is wrong with the calls: how they were recorded, priced and billed. */
export function auditCalls(evidence: Evidence): Finding[] {
  const joined = join(evidence);
  return [
    ...answeredFaults(evidence.clients, joined),
    ...[...joined.rows].flatMap(([id, rows]) => rowFaults(id, rows, joined)),
    ...strayFaults(evidence, joined),
    ...keyFaults(evidence, joined),
    ...surplusFaults(evidence, joined).faults,
  ];
}

/** Answers that clients have received whole: each is recorded, as the client was told, and billed where it has a price; its repeats are the same. */
function answeredFaults(clients: readonly Attempt[], { rows, charges, prices, attempts }: Joined): Finding[] {
  const wholeIds = new Set(clients.flatMap(({ outcome, id }) => (outcome === 'whole' && id !== undefined ? [id] : [])));
  return [...wholeIds].flatMap((id): Finding[] => {
    const row = rows.get(id)?.[0];
    const seen = (attempts.get(id) ?? []).filter(({ outcome }) => outcome === 'whole');
    const found: Finding[] = [];
    if (!row) found.push({ kind: 'unbilled', id, what: 'there is no usage row' });
    else if (row.status !== 'ok') found.push({ kind: 'miscounted', id, what: `its client has a whole answer, its row says "${row.status}"` });
    const price = row && prices.get(row.priceVersion);
    if (row && row.priceVersion === '' && seen.some(({ isPaid }) => isPaid)) found.push({ kind: 'unbilled', id, what: 'its row has no price' });
    if (row && price && chargeOf(row, price) > 0n && !charges.has(id)) found.push({ kind: 'unbilled', id, what: `${chargeOf(row, price)} is not in the book` });
    for (const what of ['promptTokens', 'completionTokens', 'rows'] as const) {
      const told = seen.find((attempt) => attempt[what] !== undefined)?.[what];
      if (row && told !== undefined && told !== row[what]) found.push({ kind: 'miscounted', id, what: `its client was told ${told} ${what}, ${row[what]} are recorded` });
    }
    if (new Set(seen.map(({ bodyHash }) => bodyHash)).size > 1) found.push({ kind: 'replay', id, what: `${seen.length} whole answers, not all the same` });
    return found;
  });
}

/** One call's rows against what its engine did and what the book says. */
function rowFaults(id: string, rows: readonly UsageRow[], { charges, prices, runs }: Joined): Finding[] {
  const [row] = rows;
  const posted = charges.get(id) ?? [];
  const found: Finding[] = [];
  if (rows.length > 1) found.push({ kind: 'double_billed', id, what: `${rows.length} usage rows` });
  if (posted.length > 1) found.push({ kind: 'double_billed', id, what: `${posted.length} charges: ${posted.map(({ seq }) => seq).join(', ')}` });
  if (!row) return found;
  found.push(...truthFaults(row, runs.get(id) ?? []));
  if (row.priceVersion === '') return posted.length > 0 ? [...found, { kind: 'wrongly_priced', id, what: 'it has no price, but a charge' }] : found;
  const price = prices.get(row.priceVersion);
  if (!price) return [...found, { kind: 'wrongly_priced', id, what: `there is no price ${row.priceVersion}` }];
  const charge = chargeOf(row, price);
  if (charge > 0n && posted.length === 0) found.push({ kind: 'unposted', id, what: `${charge} is not in the book` });
  for (const transaction of posted) found.push(...chargeFaults(row, transaction, { charge, shares: sharesOf(charge, price) }));
  return found;
}

function chargeFaults(row: UsageRow, { entries, orgId, reference }: Transaction, { charge, shares }: { charge: bigint; shares: Map<string, bigint> }): Finding[] {
  const fault = (what: string): Finding => ({ kind: 'wrongly_priced', id: row.id, what });
  const found: Finding[] = [];
  const credited = new Map<string, bigint>();
  let debited = 0n;
  for (const { account, amount } of entries) {
    if (amount > 0n) credited.set(account, (credited.get(account) ?? 0n) + amount);
    else debited -= amount;
    const isPayer = account.startsWith(`leased/${row.lease}/`) || account.startsWith(`wallet/${row.orgId}/`) || account === `receivable/${row.orgId}`;
    if (amount < 0n && !isPayer) found.push(fault(`${account} pays`));
  }
  if (debited !== charge) found.push(fault(`${debited} instead of ${charge}`));
  for (const account of new Set([...credited.keys(), ...shares.keys()]))
    if (credited.get(account) !== shares.get(account)) found.push(fault(`${account} gets ${credited.get(account) ?? 0n} instead of ${shares.get(account) ?? 0n}`));
  if (orgId !== row.orgId) found.push(fault(`charged to ${orgId} instead of ${row.orgId}`));
  if (reference !== row.lease) found.push(fault(`settled against ${reference} instead of ${row.lease}`));
  return found;
}

/** A tensor engine writes no truth. */
function truthFaults(row: UsageRow, runs: readonly Run[]): Finding[] {
  const { id, status, promptTokens, completionTokens } = row;
  if (row.rows > 0 || unitsOf(row).size === 0) return [];
  if (runs.length === 0) return [{ kind: 'untrue', id, what: `${promptTokens} and ${completionTokens} tokens are recorded` }];
  const ends = runs.flatMap(({ end }) => end ?? []);
  if (status === 'ok') {
    const isTrue = ends.some((end) => end.whole && end.promptTokens === promptTokens && end.completionTokens === completionTokens);
    return isTrue ? [] : [{ kind: 'miscounted', id, what: `recorded as whole with ${promptTokens} and ${completionTokens} tokens, the engine says otherwise` }];
  }
  // An engine that died had no time to say how far it had come.
  if (ends.length < runs.length) return [];
  const most = Math.max(...ends.map((end) => end.completionTokens));
  return completionTokens > most ? [{ kind: 'miscounted', id, what: `${completionTokens} tokens are recorded, the engine made ${most}` }] : [];
}

/** Charges and log records whose usage row is missing. */
function strayFaults({ segments }: Evidence, { rows, charges }: Joined): Finding[] {
  const inBook = [...charges.keys()].filter((id) => !rows.has(id)).map((id): Finding => ({ kind: 'unrecorded', id, what: 'it is charged for' }));
  const inLog = segments.flatMap((record): Finding[] => {
    const row = rows.get(record.id)?.[0];
    if (!row) return [{ kind: 'unrecorded', id: record.id, what: 'it is in a usage log' }];
    const isSame = row.status === record.status && row.completionTokens === record.completionTokens && row.priceVersion === record.priceVersion && row.lease === record.lease;
    return isSame ? [] : [{ kind: 'miscounted', id: record.id, what: 'its row differs from its record in the usage log' }];
  });
  return [...inBook, ...inLog];
}

/** Of all calls that an idempotency key was sent with at most one is billed, however often it was tried. An engine knows them by their tag, a client by their ids. */
function keyFaults({ clients, truth }: Evidence, { rows }: Joined): Finding[] {
  const keyed = clients.flatMap(({ call, idempotencyKey, id }) => (idempotencyKey === undefined ? [] : [{ call, id }]));
  const calls = new Set(keyed.map(({ call }) => call));
  const sent = new Map<string, Set<string>>();
  const add = (call: string, id: string) => sent.set(call, (sent.get(call) ?? new Set()).add(id));
  for (const { call, id } of keyed) if (id !== undefined) add(call, id);
  for (const { id, tag } of truth) if (calls.has(tag)) add(tag, id);
  return [...sent].flatMap(([call, ids]): Finding[] => {
    const billed = [...ids].filter((id) => (rows.get(id) ?? []).some((row) => unitsOf(row).size > 0));
    return billed.length > 1 ? [{ kind: 'double_billed', id: call, what: `one idempotency key, ${billed.length} billed calls: ${billed.join(', ')}` }] : [];
  });
}

export interface Surplus {
  /** Billed, but the client has no whole answer, because something was killed. */
  readonly cut: number;
  /** Billed up to where its client left. */
  readonly left: number;
  readonly faults: readonly Finding[];
}

/** What is billed of answers that no client received whole: each belongs to an attempt that was cut, or that left. */
export function surplusFaults({ clients, truth }: Pick<Evidence, 'clients' | 'truth'>, { rows, attempts }: Pick<Joined, 'rows' | 'attempts'>): Surplus {
  const tags = new Map(truth.map(({ id, tag }) => [id, tag]));
  const headless = new Map<string, number>();
  for (const { call, outcome, id, orgId, model } of clients)
    if (id === undefined && (outcome === 'cut' || outcome === 'left')) for (const name of [call, callerOf(orgId, model)]) headless.set(name, (headless.get(name) ?? 0) + 1);
  const count = { cut: 0, left: 0 };
  const faults: Finding[] = [];
  for (const [id, [row]] of rows) {
    if (!row || unitsOf(row).size === 0) continue;
    const outcomes = new Set((attempts.get(id) ?? []).map(({ outcome }) => outcome));
    if (outcomes.has('whole')) continue;
    if (outcomes.has('left')) count.left++;
    else if (outcomes.has('cut')) count.cut++;
    else if (outcomes.has('refused')) faults.push({ kind: 'surplus', id, what: 'its client was refused' });
    else {
      const call = row.rows > 0 ? callerOf(row.orgId, row.deployment) : (tags.get(id) ?? '');
      const open = headless.get(call) ?? 0;
      headless.set(call, open - 1);
      if (open > 0) count.cut++;
      else faults.push({ kind: 'surplus', id, what: `no attempt of ${call || 'any client'} was cut` });
    }
  }
  return { ...count, faults };
}

/** A tensor engine joins calls and tells of none: what of its calls were cut is known by who called what. */
const callerOf = (orgId: string, model: string): string => `${orgId} for ${model}`;

export function surplusOf(evidence: Evidence): Surplus {
  return surplusFaults(evidence, join(evidence));
}

/** Ids of calls that are charged for. */
export function billedIds(book: Book): Set<string> {
  return new Set(book.transactions.flatMap((transaction) => chargedCall(transaction) ?? []));
}
