import type { Clock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import { type Action, CRASHES_KEPT, decide, isDegraded, retryAt } from './decide/decide.ts';
import type { DesiredRevision, ExitInfo, Launched, Launcher, ReplicaStatus, RevisionStatus } from './ports.ts';

/** A drained engine has this long for its running calls. */
const STOP_GRACE_MS = 30_000;
/** Between a replica's leaving the routes and its order to end. */
const UNPUBLISHED_MS = 1_000;

export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly launcher: Launcher;
  /** Told after every change of any replica. */
  changed(): void;
  /** Told of each change, for logs and metrics. */
  event(change: { readonly replica: string; readonly deployment: string; readonly state: string; readonly reason?: string }): void;
}

interface Replica {
  readonly id: string;
  readonly revision: DesiredRevision;
  readonly launched: Launched;
  readonly startedAt: number;
  state: 'starting' | 'ready' | 'stopping';
  slots: number;
}

/**
 * The single writer of replicas. Everything that happens (a new wish, an engine ready, an engine gone, time to try again)
 * ends in one synchronous step: look at the world, `decide`, carry it out.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #replicas = new Map<string, Replica>();
  readonly #crashes = new Map<string, number[]>();
  readonly #lastReason = new Map<string, string>();
  #desired: readonly DesiredRevision[] = [];
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Takes the whole of what should be running from now on. */
  want(desired: readonly DesiredRevision[]): void {
    this.#desired = desired;
    const ids = new Set(desired.map(({ id }) => id));
    for (const known of this.#crashes.keys()) if (!ids.has(known)) this.#crashes.delete(known);
    this.#step();
  }

  /** The state of every wanted revision. */
  status(): RevisionStatus[] {
    return this.#desired.map(({ id }) => {
      const replicas = this.#of(id);
      const crashes = this.#crashes.get(id) ?? [];
      const degraded = isDegraded(crashes, this.#options.clock.monotonic());
      const ready = replicas.some(({ state }) => state === 'ready');
      const reason = ready ? '' : (this.#lastReason.get(id) ?? '');
      return { id, state: ready ? 'ready' : degraded ? 'failed' : 'loading', reason, restarts: crashes.length, replicas };
    });
  }

  /** Ends every engine; nothing is started any more. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    await Promise.all([...this.#replicas.values()].map((replica) => replica.launched.stop(graceMs)));
  }

  #of(revision: string): ReplicaStatus[] {
    return [...this.#replicas.values()]
      .filter((replica) => replica.revision.id === revision)
      .map(({ id, state, launched, slots, startedAt }) => ({ id, state, address: launched.address, slots, startedAt }));
  }

  #step(): void {
    if (this.#closed) return;
    const now = this.#options.clock.monotonic();
    const replicas = [...this.#replicas.values()].map(({ id, revision, state }) => ({ id, revision: revision.id, state }));
    for (const action of decide({ desired: this.#desired, replicas, crashes: this.#crashes }, now)) this.#carryOut(action);
    this.#scheduleRetry(now);
    this.#options.changed();
  }

  #carryOut(action: Action): void {
    if (action.type === 'start') {
      const revision = this.#desired.find(({ id }) => id === action.revision);
      if (revision) this.#start(revision);
      return;
    }
    const replica = this.#replicas.get(action.replica);
    if (!replica) return;
    this.#moveTo(replica, 'stopping');
    // Unpublish first: this step's `changed` tells the gateways, and what they have just sent must not meet a closed socket.
    this.#options.clock.timer(UNPUBLISHED_MS, () => void replica.launched.stop(STOP_GRACE_MS));
  }

  #start(revision: DesiredRevision): void {
    const id = newId('rep', this.#options.clock.now());
    const launched = this.#options.launcher.launch({ replica: id, deployment: revision.deployment, engine: revision.engine });
    const replica: Replica = { id, revision, launched, startedAt: this.#options.clock.now(), state: 'starting', slots: 0 };
    this.#replicas.set(id, replica);
    this.#options.event({ replica: id, deployment: revision.deployment, state: 'starting' });
    launched.ready.then(
      ({ slots }) => {
        if (replica.state !== 'starting') return;
        replica.slots = slots;
        this.#moveTo(replica, 'ready');
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
    this.#options.event({ replica: replica.id, deployment: replica.revision.deployment, state: asked ? 'stopped' : 'crashed', reason });
    if (!asked) {
      const crashes = [...(this.#crashes.get(replica.revision.id) ?? []), this.#options.clock.monotonic()];
      this.#crashes.set(replica.revision.id, crashes.slice(-CRASHES_KEPT));
      this.#lastReason.set(replica.revision.id, reason);
    }
    this.#step();
  }

  #moveTo(replica: Replica, state: Replica['state']): void {
    replica.state = state;
    this.#options.event({ replica: replica.id, deployment: replica.revision.deployment, state });
  }

  /** The next moment at which a revision that waits out its backoff may start. */
  #scheduleRetry(now: number): void {
    this.#cancelRetry?.();
    const waits = this.#desired.map(({ id }) => retryAt(this.#crashes.get(id) ?? [], now) - now).filter((ms) => ms > 0);
    this.#cancelRetry = waits.length === 0 ? undefined : this.#options.clock.timer(Math.min(...waits), () => this.#step());
  }
}
