/** Something that happened to a replica, or an alert; then there is no revision, replica or node. */
export interface ReplicaEvent {
  readonly seq: number;
  readonly at: number;
  readonly orgId: string;
  readonly deployment: string;
  readonly revision: string;
  readonly replica: string;
  readonly node: string;
  readonly state: string;
  readonly reason: string;
}

export interface EventQuery {
  readonly orgId: string | undefined;
  readonly deployment: string | undefined;
  /** Only those after this one. */
  readonly after: number | undefined;
}

/** How a deployment does now: calls of the last minute, and what waits and runs. */
export interface DeploymentFigures {
  readonly deployment: string;
  readonly callsPerSecond: number;
  readonly failedShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  readonly tokensPerSecond: number;
  readonly waiting: number;
  readonly running: number;
}
