import type { Clock } from '../../base/clock.ts';
import { readRoutes } from '../../contract/feed-codec.ts';
import type { CallerEntry, RoutesFeed } from '../../contract/feeds.ts';
import { callersVersion, readFeedGeneration } from '../../db/feeds.ts';
import type { Db } from '../../db/open.ts';
import { FeedFollower } from '../feeds/follower.ts';
import { ForeignCallers } from '../feeds/foreign-callers.ts';
import { RemoteLoads } from '../feeds/loads.ts';
import { FeedPublisher } from '../feeds/publisher.ts';

export interface FeedParts {
  readonly db: Db;
  readonly clock: Clock;
  /** Whether this server leads: its own routes are the ones that count. */
  leads(): boolean;
  /** Gives routes to this server's own gateway. */
  update(feed: RoutesFeed): void;
  /** This server's own entry of a key. */
  own(hash: string): CallerEntry | undefined;
  wake(): void;
  problem(error: unknown): void;
}

/** What this server tells other processes, and what others tell it. */
export function composeFeeds({ db, clock, leads, update, own, wake, problem }: FeedParts) {
  const foreign = new ForeignCallers();
  const publisher = new FeedPublisher({ db, clock, written: (hash, version) => foreign.writtenHere(hash, version), problem });
  const loads = new RemoteLoads({ db, clock, wake, problem });
  let follower: FeedFollower | undefined;
  let isFollowing = false;
  const startedAt = clock.monotonic();
  return {
    loads,
    foreign,
    /** Milliseconds since the database last answered; while it never has, since the start. */
    databaseMs: () => clock.monotonic() - (follower?.confirmedAt ?? startedAt),
    /** One that does not lead has nothing to say once somebody does. */
    publish(feed: RoutesFeed): void {
      if (feed.epoch === 0 && isFollowing) return;
      update(feed);
      publisher.routes(feed);
    },
    callerChanged(hash: string, entry: CallerEntry | undefined): void {
      if (foreign.changedHere(hash, entry)) publisher.caller(hash, entry);
    },
    /** After the keys were read; before any is changed. */
    async start(entries: Iterable<CallerEntry>): Promise<void> {
      await publisher.start(entries);
      follower = new FeedFollower({
        db,
        clock,
        since: { generation: await readFeedGeneration(db), routes: 0, callers: await callersVersion(db) },
        takeRoutes({ body }) {
          if (leads()) return;
          isFollowing = true;
          update(readRoutes(body));
        },
        takeCaller: (row) => foreign.take(row, own(row.hash)),
        problem,
      });
      loads.start();
    },
    /** Once it is known who leads. */
    follow: (): Promise<void> => follower?.start() ?? Promise.resolve(),
    async close(): Promise<void> {
      loads.close();
      await follower?.close();
      await publisher.close();
    },
  };
}

export type Feeds = ReturnType<typeof composeFeeds>;
