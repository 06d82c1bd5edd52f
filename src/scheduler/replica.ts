import type { Clock } from '../base/clock.ts';
import type { RunningReplica } from './decide/world.ts';
import type { DesiredRevision, Launched, ReplicaHolding, ReplicaStatus, ReplicaUsage } from './ports.ts';

export interface ReplicaParts {
  readonly id: string;
  readonly revision: DesiredRevision;
  readonly node: string;
  readonly launched: Launched;
  readonly clock: Clock;
}

/** One engine that a launcher has started, from its start to its end. */
export class Replica {
  readonly id: string;
  readonly revision: DesiredRevision;
  readonly node: string;
  readonly launched: Launched;
  readonly #clock: Clock;
  readonly #startedAt: number;
  state: 'starting' | 'ready' | 'stopping' = 'starting';
  /** Monotonic time of the last change of state. */
  since: number;
  slots = 0;
  /** It is to go as soon as another serves in its place. */
  isRetiring = false;
  /** As of the last `measure`. */
  usage: ReplicaUsage | undefined;

  constructor({ id, revision, node, launched, clock }: ReplicaParts) {
    this.id = id;
    this.revision = revision;
    this.node = node;
    this.launched = launched;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.since = clock.monotonic();
  }

  moveTo(state: Replica['state']): void {
    this.state = state;
    this.since = this.#clock.monotonic();
  }

  measure(): void {
    this.usage = this.launched.usage?.();
  }

  /** What is reserved, or what it takes where that is more. */
  get memoryBytes(): number {
    return Math.max(this.revision.memoryBytes, this.usage?.memoryBytes ?? 0);
  }

  view(): RunningReplica {
    const { id, revision, node, state, since, memoryBytes, isRetiring } = this;
    return { id, revision: revision.id, node, state, since, memoryBytes, isRetiring };
  }

  holding(): ReplicaHolding {
    const { deployment, threads, memoryBytes } = this.revision;
    return { id: this.id, deployment, startedAt: this.#startedAt, threads, memoryBytes, usage: this.usage };
  }

  status(): ReplicaStatus {
    const { id, state, launched, slots, memoryBytes, usage } = this;
    return { id, state, address: launched.address, slots, startedAt: this.#startedAt, memoryBytes, usage, pid: launched.pid };
  }
}
