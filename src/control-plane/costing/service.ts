import type { Clock } from '../../base/clock.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { Deployments } from '../deployments/index.ts';
import type { Usage, UsageWork } from '../usage/index.ts';
import { allocateHour } from './allocate.ts';
import { emptyRange, rangeTooLong } from './errors.ts';
import { GIB } from './formulas.ts';
import { CostLedger, type Shares, type Statement, unitCosts } from './ledger.ts';
import {
  type CostAmounts,
  type CostFigures,
  type CostGrouping,
  type CostReport,
  type CostRow,
  DAY_MS,
  dayOf,
  type DeploymentHour,
  HOUR_MS,
  hourOf,
  type Measured,
} from './model.ts';
import type { Fleet, Organisations, Prices } from './ports.ts';
import { priceFloor } from './price-floor.ts';
import type { RateInForce, RatesInForce } from './rates.ts';
import { KEPT_DAYS, Sampler } from './sampler.ts';
import { measuredHours, readMeasured } from './store.ts';

const RANGE_DEFAULT_MS = 30 * DAY_MS;
/** Begins the groups of other organisations' deployments: they count in what is shared and rounded, as they do for an operator, and are not shown. */
const HIDDEN = '\u0000';
const OTHERS = '(others)';

export interface CostingOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly rates: RatesInForce;
  readonly usage: Pick<Usage, 'work'>;
  readonly deployments: Pick<Deployments, 'storedBytes' | 'ownerOf'>;
  readonly fleet: Fleet;
  readonly prices: Prices;
  readonly organisations: Organisations;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
}

export interface Viewer {
  readonly orgId: string;
  readonly scopes: readonly Scope[];
}

/** Times are milliseconds since 1970, widened to whole hours; without them: the last 30 days. */
export interface CostQuery {
  readonly by: CostGrouping;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** What it costs to run what runs. */
export class Costing {
  readonly #options: CostingOptions;
  readonly #sampler: Sampler;

  constructor(options: CostingOptions) {
    const { db, clock, fleet, deployments, problem } = options;
    this.#options = options;
    this.#sampler = new Sampler({ db, clock, fleet, problem, stored: () => deployments.storedBytes(), ownerOf: (deployment) => deployments.ownerOf(deployment) });
  }

  /** Begins to measure. */
  start(): void {
    this.#sampler.start();
  }

  /** Measures a last time, and writes what was measured. */
  close(): Promise<void> {
    return this.#sampler.close();
  }

  rates(): readonly RateInForce[] {
    return this.#options.rates.list;
  }

  /** An operator sees everything; others the cost of their own organisation's deployments. @throws Fault for an empty or too long range */
  async costs(viewer: Viewer, query: CostQuery): Promise<CostReport> {
    const { db, usage, rates } = this.#options;
    const range = this.#range(query);
    await this.#sampler.catchUp();
    const hours = await measuredHours(db, range);
    // Calls of before anything was measured would make what came after look cheap.
    const work = hours ? await usage.work({ since: hours.first, until: range.until }, WORK_OF[query.by]) : [];
    const ledger = new CostLedger(rates.rates.data.transferPerGib / GIB);
    const view = await this.#viewOf(viewer, query.by, work);
    const owners = hours ? await this.#allocateAll(ledger, { since: hours.first, until: hours.last + HOUR_MS }, view) : new Map<string, string>();
    for (const one of work) ledger.work(view.groupOfWork(one, owners.get(one.deployment) ?? ''), one);
    return this.#report(viewer, { query, range, statement: ledger.close() });
  }

  #range({ since, until }: CostQuery): { readonly since: number; readonly until: number } {
    // Exclusive: what happens in this very millisecond is in.
    const end = until ?? this.#options.clock.now() + 1;
    const begin = since ?? end - RANGE_DEFAULT_MS;
    if (begin >= end) throw emptyRange();
    if (end - begin > KEPT_DAYS * DAY_MS) throw rangeTooLong(KEPT_DAYS);
    return { since: hourOf(begin), until: hourOf(end + HOUR_MS - 1) };
  }

  /** A day at a time: a long range never is in memory as a whole. Returns who each deployment belonged to: it may be gone by now. */
  async #allocateAll(ledger: CostLedger, { since, until }: { readonly since: number; readonly until: number }, view: View): Promise<ReadonlyMap<string, string>> {
    const { db, rates } = this.#options;
    const owners = new Map<string, string>();
    for (let day = since; day < until; day += DAY_MS) {
      const measured = await readMeasured(db, { since: day, until: Math.min(until, day + DAY_MS) });
      for (const { deployment, orgId } of measured.deployments) owners.set(deployment, orgId);
      for (const [hour, of] of byHour(measured)) ledger.allocate(allocateHour(hour, of, rates.rates), (one) => view.groupsOf(one));
    }
    return owners;
  }

  async #viewOf(viewer: Viewer, by: CostGrouping, work: readonly UsageWork[]): Promise<View> {
    const seesAll = viewer.scopes.includes('operator');
    const isVisible = (owner: string) => seesAll || owner === viewer.orgId;
    if (by === 'model') return visibleOnly(isVisible, { groupsOf: ({ deployment }) => [[deployment, 1]], groupOfWork: ({ deployment }) => deployment });
    if (by === 'day') return visibleOnly(isVisible, { groupsOf: ({ hour }) => [[dayOf(hour), 1]], groupOfWork: ({ group }) => dayOf(Number(group)) });
    const names = await this.#options.organisations.names();
    const nameOf = (orgId: string) => (isVisible(orgId) ? (names.get(orgId) ?? orgId) : OTHERS);
    const callers = Map.groupBy(work, ({ deployment }) => deployment);
    const shares = new Map([...callers].map(([deployment, of]) => [deployment, tenantShares(of, nameOf)]));
    return visibleOnly(isVisible, { groupsOf: ({ deployment, orgId }) => shares.get(deployment) ?? [[nameOf(orgId), 1]], groupOfWork: ({ group }) => nameOf(group) });
  }

  #report(viewer: Viewer, { query: { by }, range, statement }: { query: CostQuery; range: { since: number; until: number }; statement: Statement }): CostReport {
    const { rates } = this.#options;
    const seesAll = viewer.scopes.includes('operator');
    const rows = [...statement.rows].filter(([group]) => !group.startsWith(HIDDEN)).map(([group, figures]) => this.#row(by, group, figures));
    const unshared = seesAll ? statement.assets : undefined;
    return {
      by,
      ...range,
      upSeconds: statement.upSeconds,
      currency: rates.rates.currency,
      idleRule: rates.rates.idle,
      defaultRates: rates.list.filter(({ source }) => source === 'default').map(({ name }) => name),
      rows: by === 'day' ? rows.toSorted((a, b) => (a.group < b.group ? -1 : 1)) : rows.toSorted(dearestFirst),
      totals: totalsOf(rows, { idle: unshared?.unsharedIdleMicros ?? 0n, maintenance: unshared?.unsharedMaintenanceMicros ?? 0n }),
      assets: unshared,
    };
  }

  #row(by: CostGrouping, group: string, figures: CostFigures): CostRow {
    const price = by === 'model' ? this.#options.prices.priceOf(group) : undefined;
    if (!price) return { group, ...figures, sold: undefined };
    const units = price.per === 'thousand_calls' ? figures.calls : figures.tokens;
    const { totalMicros, cpuUtilisation: utilisation } = figures;
    return { group, ...figures, sold: { price, ...priceFloor({ price, currency: this.#options.rates.rates.currency, totalMicros, units, utilisation }) } };
  }
}

const WORK_OF = { model: 'deployment', day: 'day', tenant: 'org' } as const;

/** Who sees what under which name. */
interface View {
  groupsOf(of: DeploymentHour): Shares;
  groupOfWork(work: UsageWork, owner: string): string;
}

function visibleOnly(isVisible: (owner: string) => boolean, { groupsOf, groupOfWork }: View): View {
  return {
    groupsOf: (of) => (isVisible(of.orgId) ? groupsOf(of) : groupsOf(of).map(([group, share]) => [HIDDEN + group, share] as const)),
    groupOfWork: (work, owner) => (isVisible(owner) ? '' : HIDDEN) + groupOfWork(work, owner),
  };
}

/** A deployment's cost goes to its callers by how long their calls were served; if that was no time at all, by their number. */
function tenantShares(work: readonly UsageWork[], nameOf: (orgId: string) => string): Shares {
  const served = work.reduce((sum, { servedMs }) => sum + servedMs, 0);
  const calls = work.reduce((sum, one) => sum + one.calls, 0);
  return work.map((one) => [nameOf(one.group), served > 0 ? one.servedMs / served : one.calls / calls] as const);
}

function byHour({ deployments, nodes }: Measured): [number, Measured][] {
  const held = Map.groupBy(deployments, ({ hour }) => hour);
  const had = Map.groupBy(nodes, ({ hour }) => hour);
  return [...had].map(([hour, of]) => [hour, { nodes: of, deployments: held.get(hour) ?? [] }]);
}

function dearestFirst(a: CostRow, b: CostRow): number {
  if (a.totalMicros !== b.totalMicros) return a.totalMicros > b.totalMicros ? -1 : 1;
  return a.group < b.group ? -1 : 1;
}

const AMOUNTS = [
  'cpuMicros',
  'memoryMicros',
  'gpuMicros',
  'hardwareMicros',
  'powerMicros',
  'computeMicros',
  'idleMicros',
  'maintenanceMicros',
  'storageMicros',
  'transferMicros',
  'datasetsMicros',
  'dataMicros',
  'totalMicros',
] as const satisfies readonly (keyof CostAmounts)[];

/** All rows together, and what none of them bears. */
function totalsOf(rows: readonly CostRow[], unshared: { readonly idle: bigint; readonly maintenance: bigint }): CostFigures {
  const sums = Object.fromEntries(AMOUNTS.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0n)])) as Record<(typeof AMOUNTS)[number], bigint>;
  const all = {
    ...sums,
    idleMicros: sums.idleMicros + unshared.idle,
    maintenanceMicros: sums.maintenanceMicros + unshared.maintenance,
    totalMicros: sums.totalMicros + unshared.idle + unshared.maintenance,
  };
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
  return { ...all, ...unitCosts(all.totalMicros, calls, tokens), cpuUtilisation: undefined, memoryUtilisation: undefined };
}
