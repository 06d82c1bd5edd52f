/**
 * Which waiting call, or which batch of tensor calls, goes to which replica now. Pure: the queue calls it in its own loop
 * and carries out what it says, so that a decision is never taken on a state that somebody else is changing.
 */
export interface Waiting {
  readonly revision: string;
  /** Rows of a tensor call; 1 for all others. */
  readonly rows: number;
  /** Tensor calls with equal keys can be joined into one; undefined: goes alone. */
  readonly batchKey: string | undefined;
  /** Replicas that have already refused this call. */
  readonly avoid: ReadonlySet<string>;
  /** Runs in a replica where nothing else does: it may be what has ended one (S17). */
  readonly isAlone?: boolean;
}

export interface Slot {
  readonly replica: { readonly id: string };
  readonly revision: { readonly id: string; readonly maxBatchSize: number };
  readonly free: number;
  /** Calls or batches that run there. */
  readonly busy: number;
}

export interface Pick<Call extends Waiting, Lane extends Slot> {
  readonly lane: Lane;
  readonly calls: readonly Call[];
}

/** The oldest call that some replica can take, joined by those behind it that fit the same batch. Never waits for more. */
export function next<Call extends Waiting, Lane extends Slot>(waiting: Iterable<Call>, lanes: readonly Lane[]): Pick<Call, Lane> | undefined {
  if (!lanes.some(({ free }) => free > 0)) return undefined;
  const calls = waiting[Symbol.iterator]();
  /** Lanes that run empty for a call that is to be alone there, in the order in which those wait. */
  let reserved: Lane[] | undefined;
  for (let step = calls.next(); !step.done; step = calls.next()) {
    const call = step.value;
    const open = reserved ? lanes.filter((one) => !reserved?.includes(one)) : lanes;
    const lane = call.isAlone ? emptiest(open, call) : freest(open, call);
    if (lane && call.isAlone && lane.busy > 0) (reserved ??= []).push(lane);
    else if (lane) return { lane, calls: call.batchKey === undefined ? [call] : [call, ...companions(call, calls, lane)] };
  }
  return undefined;
}

function freest<Lane extends Slot>(lanes: readonly Lane[], call: Waiting): Lane | undefined {
  let best: Lane | undefined;
  for (const lane of lanes) {
    if (lane.free <= 0 || lane.revision.id !== call.revision || call.avoid.has(lane.replica.id)) continue;
    if (!best || lane.free > best.free) best = lane;
  }
  return best;
}

function emptiest<Lane extends Slot>(lanes: readonly Lane[], call: Waiting): Lane | undefined {
  let best: Lane | undefined;
  for (const lane of lanes) {
    if (lane.revision.id !== call.revision || call.avoid.has(lane.replica.id) || (lane.busy === 0 && lane.free <= 0)) continue;
    if (!best || lane.busy < best.busy) best = lane;
  }
  return best;
}

/** Those behind `first` that fit into its batch; `behind` goes on where `first` was found. */
function companions<Call extends Waiting>(first: Call, behind: Iterator<Call>, { replica, revision }: Slot): Call[] {
  const joined: Call[] = [];
  let room = revision.maxBatchSize - first.rows;
  while (room > 0) {
    const step = behind.next();
    if (step.done) break;
    const call = step.value;
    if (call.batchKey !== first.batchKey || call.revision !== first.revision || call.rows > room || call.avoid.has(replica.id)) continue;
    joined.push(call);
    room -= call.rows;
  }
  return joined;
}
