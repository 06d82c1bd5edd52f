import type { Clock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import { type Crash, CRASHES_KEPT, isDegraded, retryAt } from './decide/crashes.ts';
import type { Action, Node, Policy, Proposal, World } from './decide/world.ts';
import { Rollouts, type Traffic, type WantedRollout } from './rollouts.ts';
import { LoadWindow } from './load-window.ts';
import type { LoadReport } from './rolling-load.ts';
import type { DesiredRevision, ExitInfo, Launcher, ReplicaHolding, ReplicaStatus, RevisionStatus } from './ports.ts';
import { Replica } from './replica.ts';

/** A drained engine has this long for its running calls. */
const STOP_GRACE_MS = 30_000;
/** Between a replica's leaving the routes and its order to end. */
const UNPUBLISHED_MS = 1_000;
/** How often the world is looked at when nothing happens. */
const TICK_MS = 1_000;

export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly nodes: readonly Node[];
  readonly policy: Policy;
  /** In which this server leads; undefined: it does not, and then nothing is started (S35). */
  epoch(): number | undefined;
  /** What the gateways have waiting and running now. */
  load(): readonly LoadReport[];
  /** What the gateways count of revisions. */
  readonly traffic: Traffic;
  /** Told what should become of a rollout, again until it has. */
  propose(proposal: Proposal): void;
  /** Told after every change of what is wanted or there; not of seconds that go by. */
  changed(): void;
  /** Told of each change, for logs, metrics and people. */
  event(change: ReplicaEvent): void;
}

export interface ReplicaEvent {
  readonly replica: string;
  readonly deployment: string;
  readonly revision: string;
  readonly node: string;
  readonly state: 'starting' | 'ready' | 'stopping' | 'stopped' | 'crashed';
  readonly reason: string;
}

/**
 * The single writer of replicas. Everything that happens (a new wish, an engine ready, an engine gone, a call that waits, a second
 * gone by) ends in one synchronous step: look at the world, decide, carry it out.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #replicas = new Map<string, Replica>();
  readonly #crashes = new Map<string, Crash[]>();
  readonly #lastReason = new Map<string, string>();
  /** Measured load times of revisions, milliseconds. */
  readonly #loadMs = new Map<string, number>();
  readonly #window = new LoadWindow();
  readonly #rollouts: Rollouts;
  #desired: ReadonlyMap<string, DesiredRevision> = new Map();
  #cancelTick: () => void;
  #cancelRetry: (() => void) | undefined;
  #wakeSoon = false;
  #closed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#rollouts = new Rollouts(options.traffic);
    this.#cancelTick = this.#tickLater();
  }

  /** Takes the whole of what should be served from now on, and what of it is to take over from another. */
  want(desired: readonly DesiredRevision[], rollouts: readonly WantedRollout[] = []): void {
    this.#rollouts.take(rollouts, this.#options.clock.monotonic());
    this.#desired = new Map(desired.map((revision) => [revision.id, revision]));
    for (const known of this.#crashes.keys()) if (!this.#desired.has(known)) this.#crashes.delete(known);
    this.#step();
  }

  /** A call waits that nothing is loaded for: looked at before the next tick. */
  wake(): void {
    if (this.#wakeSoon || this.#closed) return;
    this.#wakeSoon = true;
    queueMicrotask(() => {
      this.#wakeSoon = false;
      this.#window.look(this.#options.load());
      this.#decide();
    });
  }

  /** This server leads no more: its engines go, another's will serve. */
  stepDown(): void {
    for (const replica of this.#replicas.values()) {
      if (replica.state === 'stopping') continue;
      this.#moveTo(replica, 'stopping', 'another server leads');
      this.#stopSoon(replica);
    }
    this.#step();
  }

  /** Has replicas replaced, each as soon as another serves in its place. */
  drain(replicas: readonly string[]): void {
    for (const id of replicas) {
      const replica = this.#replicas.get(id);
      if (replica) replica.isRetiring = true;
    }
    this.#step();
  }

  /** The state of every wanted revision. */
  status(): RevisionStatus[] {
    return [...this.#desired.keys()].map((id) => this.#statusOf(id));
  }

  statusOf(id: string): RevisionStatus | undefined {
    return this.#desired.has(id) ? this.#statusOf(id) : undefined;
  }

  /** What every replica holds, also those that are about to go. */
  holdings(): ReplicaHolding[] {
    return [...this.#replicas.values()].map((replica) => replica.holding());
  }

  /** Digests of the files of what is wanted, and of every engine that is there, also of one that is about to go. */
  filesInUse(): ReadonlySet<string> {
    const revisions = [...this.#desired.values(), ...[...this.#replicas.values()].map(({ revision }) => revision)];
    return new Set(revisions.flatMap(({ engine }) => engine.manifest.files.map(({ digest }) => digest)));
  }

  /** Ends every engine; nothing is started any more. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelTick();
    this.#cancelRetry?.();
    await Promise.all([...this.#replicas.values()].map(({ launched }) => launched.stop(graceMs)));
  }

  #statusOf(id: string): RevisionStatus {
    const replicas = this.#of(id);
    const crashes = this.#crashes.get(id) ?? [];
    const ready = replicas.some(({ state }) => state === 'ready');
    const reason = ready ? '' : (this.#lastReason.get(id) ?? '');
    const now = this.#options.clock.monotonic();
    const state = ready ? 'ready' : isDegraded(crashes, now) ? 'failed' : replicas.some((one) => one.state === 'starting') || retryAt(crashes, now) > now ? 'loading' : 'idle';
    return { id, state, reason, restarts: crashes.length, replicas };
  }

  #of(revision: string): ReplicaStatus[] {
    return [...this.#replicas.values()].filter((replica) => replica.revision.id === revision).map((replica) => replica.status());
  }

  #tickLater(): () => void {
    return this.#options.clock.timer(TICK_MS, () => {
      for (const replica of this.#replicas.values()) replica.measure();
      this.#window.sample(this.#options.load(), this.#options.clock.monotonic());
      this.#decide();
      if (!this.#closed) this.#cancelTick = this.#tickLater();
    });
  }

  #world(): World {
    return {
      nodes: this.#options.nodes,
      revisions: [...this.#desired.values()].map((revision) => this.#wanted(revision)),
      replicas: [...this.#replicas.values()].map((replica) => replica.view()),
      crashes: this.#crashes,
      load: this.#window.loads(),
      rollouts: this.#rollouts.now(this.#lastReason),
    };
  }

  #wanted(revision: DesiredRevision): DesiredRevision {
    const urgentSince = this.#rollouts.urgentSince(revision.id);
    const measuredMs = this.#loadMs.get(revision.id);
    if (urgentSince === undefined && measuredMs === undefined) return revision;
    const loadMs = measuredMs ?? revision.loadMs;
    // What is to take over must be there, even if later it is loaded only when it is called.
    return urgentSince === undefined ? { ...revision, loadMs } : { ...revision, loadMs, urgentSince, replicasMin: Math.max(1, revision.replicasMin) };
  }

  /** Something has changed: what follows from it is done, and told. */
  #step(): void {
    if (this.#closed) return;
    if (this.#decide() === 0) this.#options.changed();
  }

  /** Looks, decides, carries out. Returns how many actions it took; if any, it has told of the change. */
  #decide(): number {
    if (this.#closed || this.#options.epoch() === undefined) return 0;
    const now = this.#options.clock.monotonic();
    const actions = this.#options.policy.decide(this.#world(), now);
    for (const action of actions) this.#carryOut(action);
    this.#retryInTime(now);
    if (actions.length > 0) this.#options.changed();
    return actions.length;
  }

  /** The next moment at which a revision that waits out its backoff may start. */
  #retryInTime(now: number): void {
    this.#cancelRetry?.();
    const waits = [...this.#crashes.values()].map((crashes) => retryAt(crashes, now) - now).filter((ms) => ms > 0);
    this.#cancelRetry = waits.length === 0 ? undefined : this.#options.clock.timer(Math.min(...waits), () => this.#step());
  }

  #carryOut(action: Action): void {
    if (action.type === 'shift' || action.type === 'rollback') return this.#options.propose(action);
    if (action.type === 'start') {
      const revision = this.#desired.get(action.revision);
      if (revision) this.#start(revision, action.node, action.reason);
      return;
    }
    const replica = this.#replicas.get(action.replica);
    if (!replica) return;
    this.#moveTo(replica, 'stopping', action.reason);
    this.#stopSoon(replica);
  }

  /** Unpublish first: this step's `changed` tells the gateways, and what they have just sent must not meet a closed socket. */
  #stopSoon({ launched }: Replica): void {
    this.#options.clock.timer(UNPUBLISHED_MS, () => void launched.stop(STOP_GRACE_MS));
  }

  #start(revision: DesiredRevision, node: string, reason: string): void {
    const { clock, launcher } = this.#options;
    const id = newId('rep', clock.now());
    const launched = launcher.launch({ replica: id, deployment: revision.deployment, engine: revision.engine });
    const replica = new Replica({ id, revision, node, launched, clock });
    this.#replicas.set(id, replica);
    this.#tell(replica, 'starting', reason);
    launched.ready.then(
      ({ slots }) => {
        if (replica.state !== 'starting') return;
        replica.slots = slots;
        const loadMs = clock.monotonic() - replica.since;
        this.#loadMs.set(revision.id, loadMs);
        this.#moveTo(replica, 'ready', `loaded in ${(loadMs / 1000).toFixed(1)} s`);
        this.#step();
      },
      // One that ended is told by `exited`; one that hangs is ended.
      () => void launched.stop(0),
    );
    void launched.exited.then((info) => this.#ended(replica, info));
  }

  #ended(replica: Replica, { reason }: ExitInfo): void {
    this.#replicas.delete(replica.id);
    const asked = replica.state === 'stopping' || this.#closed;
    this.#tell(replica, asked ? 'stopped' : 'crashed', reason);
    if (!asked) {
      const at = this.#options.clock.monotonic();
      const crash = { at, servedMs: replica.state === 'ready' ? at - replica.since : 0 };
      const crashes = [...(this.#crashes.get(replica.revision.id) ?? []), crash];
      this.#crashes.set(replica.revision.id, crashes.slice(-CRASHES_KEPT));
      this.#lastReason.set(replica.revision.id, reason);
    }
    this.#step();
  }

  #moveTo(replica: Replica, state: Replica['state'], reason: string): void {
    replica.moveTo(state);
    this.#tell(replica, state, reason);
  }

  #tell({ id, revision, node }: Replica, state: ReplicaEvent['state'], reason: string): void {
    this.#options.event({ replica: id, deployment: revision.deployment, revision: revision.id, node, state, reason });
  }
}
