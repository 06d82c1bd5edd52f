import type { Clock } from '../../../base/clock.ts';
import { Mutex } from '../../../base/mutex.ts';
import { invalid } from '../../../contract/errors.ts';
import type { Db } from '../../../db/open.ts';
import type { Deployments } from '../../deployments/index.ts';
import type { LiveFigures } from '../ports.ts';
import type { Viewer } from '../service.ts';
import { Minute } from './minute.ts';
import { HOUR_SECONDS, inSteps, merged, MINUTE_SECONDS, type Rollup, stepFor } from './model.ts';
import { deleteRollups, deploymentsWithMinutes, firstMinute, listRollups, newestHour, putRollups } from './store.ts';

const LOOK_MS = 5_000;
const MINUTE_MS = MINUTE_SECONDS * 1_000;
const HOUR_MS = HOUR_SECONDS * 1_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTES_KEPT_MS = 2 * DAY_MS;
const HOURS_KEPT_MS = 90 * DAY_MS;
/** Rows that one answer is made of, and points that it has, at most. */
const ROWS_MAX = 20_000;
const POINTS_MAX = 1_500;
const SPAN_DEFAULT_MS = HOUR_MS;

export interface HistoryOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly live: LiveFigures;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
  /** Told of what was just written of a minute. */
  written(rollups: readonly Rollup[]): void;
}

export interface HistoryQuery {
  readonly deployment?: string | undefined;
  /** Milliseconds since 1970; the last hour unless told otherwise. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly stepSeconds?: number | undefined;
}

/** How deployments did: a row a minute each, kept for two days, and of each whole hour one for ninety. Written off the request path. */
export class History {
  readonly #options: HistoryOptions;
  readonly #minute = new Minute();
  readonly #turns = new Mutex();
  #start = 0;
  #cancelLook: () => void = () => undefined;
  #cancelWrite: () => void = () => undefined;
  #closed = false;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Joins the hours that a former process left in minutes, and begins to look. */
  async start(): Promise<void> {
    const now = this.#options.clock.now();
    this.#start = floor(now, MINUTE_MS);
    await this.#joinHours(now);
    this.#lookLater();
    this.#writeLater();
  }

  restarted(deployment: string): void {
    this.#minute.restarted(deployment);
  }

  /** Writes the minute that has begun. */
  async close(): Promise<void> {
    if (this.#closed || this.#start === 0) return;
    this.#closed = true;
    this.#cancelLook();
    this.#cancelWrite();
    await this.#write().catch((error: unknown) => this.#options.problem(error));
  }

  /** @throws Fault when the deployment is not the viewer's, or more is asked for than one answer holds */
  async query(viewer: Viewer, { deployment, since, until, stepSeconds }: HistoryQuery): Promise<{ readonly stepSeconds: number; readonly rollups: readonly Rollup[] }> {
    const { deployments, clock } = this.#options;
    const to = until ?? clock.now();
    const from = since ?? to - SPAN_DEFAULT_MS;
    if (from >= to) throw invalid('"since" must be before "until".', 'since');
    const step = stepSeconds ?? stepFor(to - from);
    if (step % MINUTE_SECONDS !== 0) throw invalid(`"step" is ${step}; it must be a multiple of ${MINUTE_SECONDS} seconds.`, 'step');
    const points = Math.ceil((to - from) / (step * 1_000));
    if (points > POINTS_MAX) throw invalid(`That would be ${points} points; at most ${POINTS_MAX} are given. Ask for a longer "step" or a shorter time.`, 'step');
    if (deployment !== undefined) deployments.get(viewer, deployment);
    const names = new Set(deployments.list(viewer).map(({ name }) => name));
    const orgId = viewer.scopes.includes('operator') ? undefined : viewer.orgId;
    const rows = await this.read({ since: floor(from, step * 1_000), until: to, orgId, deployment }, step % HOUR_SECONDS === 0);
    return {
      stepSeconds: step,
      rollups: inSteps(
        rows.filter((row) => names.has(row.deployment)),
        step * 1_000,
      ),
    };
  }

  /** Minutes, or whole hours with the minutes of those that are not joined yet. */
  async read(
    query: { readonly since: number; readonly until: number; readonly orgId?: string | undefined; readonly deployment?: string | undefined },
    hourly: boolean,
  ): Promise<Rollup[]> {
    const { db } = this.#options;
    const hours = hourly ? await listRollups(db, { ...query, stepSeconds: HOUR_SECONDS }, ROWS_MAX + 1) : [];
    const joinedUntil = hourly ? ((await newestHour(db)) ?? -HOUR_MS) + HOUR_MS : 0;
    const minutes = await listRollups(db, { ...query, since: Math.max(query.since, joinedUntil), stepSeconds: MINUTE_SECONDS }, ROWS_MAX + 1);
    if (hours.length + minutes.length > ROWS_MAX)
      throw invalid(`That is made of more than ${ROWS_MAX} rows; ask for one deployment, a shorter time, or a "step" of whole hours.`, 'since');
    return [...hours, ...minutes];
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.timer(LOOK_MS, () => {
      this.#look();
      if (!this.#closed) this.#lookLater();
    });
  }

  #look(): void {
    const { live, deployments } = this.#options;
    this.#minute.look(live.now(), deployments.loaded());
  }

  #writeLater(): void {
    const ms = Math.max(0, this.#start + MINUTE_MS - this.#options.clock.now());
    this.#cancelWrite = this.#options.clock.timer(Math.min(ms, MINUTE_MS), () => {
      this.#write()
        .catch((error: unknown) => this.#options.problem(error))
        .finally(() => {
          if (!this.#closed) this.#writeLater();
        });
    });
  }

  /** Writes what there was since the last time, under the minute in which that began. */
  #write(): Promise<void> {
    return this.#turns.run(async () => {
      const { clock, db, live, deployments } = this.#options;
      this.#look();
      const start = this.#start;
      const rollups = this.#minute.take(live.totals(), start, (name) => deployments.ownerOf(name));
      // A timer may come a little early; the wall clock may have been set.
      this.#start = Math.max(floor(clock.now(), MINUTE_MS), start + MINUTE_MS);
      if (this.#start - clock.now() > MINUTE_MS) this.#start = floor(clock.now(), MINUTE_MS);
      // A process before this one may have written a part of the same minute.
      const known = new Map((await listRollups(db, { stepSeconds: MINUTE_SECONDS, since: start, until: start + 1 }, ROWS_MAX)).map((one) => [one.deployment, one]));
      await putRollups(
        db,
        MINUTE_SECONDS,
        rollups.map((rollup) => (known.has(rollup.deployment) ? merged(known.get(rollup.deployment) ?? rollup, rollup, start) : rollup)),
      );
      this.#options.written(rollups);
      if (floor(this.#start, HOUR_MS) !== floor(start, HOUR_MS)) await this.#joinHours(this.#start);
    });
  }

  /** Makes one row of each hour that is over, one hour after the other; forgets what is too old. */
  async #joinHours(now: number): Promise<void> {
    const { db } = this.#options;
    const end = floor(now, HOUR_MS);
    const newest = await newestHour(db);
    let from = newest === undefined ? 0 : newest + HOUR_MS;
    for (;;) {
      const first = await firstMinute(db, from);
      if (first === undefined || first >= end) break;
      const hour = floor(first, HOUR_MS);
      const span = { since: hour, until: hour + HOUR_MS };
      for (const deployment of await deploymentsWithMinutes(db, span.since, span.until)) {
        await putRollups(db, HOUR_SECONDS, inSteps(await listRollups(db, { ...span, deployment, stepSeconds: MINUTE_SECONDS }, ROWS_MAX), HOUR_MS));
      }
      from = hour + HOUR_MS;
    }
    await deleteRollups(db, MINUTE_SECONDS, now - MINUTES_KEPT_MS);
    await deleteRollups(db, HOUR_SECONDS, now - HOURS_KEPT_MS);
  }
}

function floor(at: number, stepMs: number): number {
  return Math.floor(at / stepMs) * stepMs;
}
