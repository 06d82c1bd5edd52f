/**
 * Which waiting call, or which batch of tensor calls, goes to which replica now. Pure: the queue calls it in its own loop
 * and carries out what it says, so that a decision is never taken on a state that somebody else is changing.
 */
export interface Waiting {
  readonly id: string;
  readonly revision: string;
  /** Rows of a tensor call; 1 for all others. */
  readonly rows: number;
  /** Tensor calls with equal keys can be joined into one; undefined: goes alone. */
  readonly batchKey: string | undefined;
  /** Replicas that have already refused this call. */
  readonly avoid: ReadonlySet<string>;
}

export interface Slot {
  readonly replica: string;
  readonly revision: string;
  readonly free: number;
  readonly maxBatchSize: number;
}

export interface Pick {
  readonly replica: string;
  readonly calls: readonly string[];
}

/** The oldest call that some replica can take, joined by those behind it that fit the same batch. Never waits for more. */
export function next(waiting: Iterable<Waiting>, slots: readonly Slot[]): Pick | undefined {
  const open = slots.filter(({ free }) => free > 0);
  if (open.length === 0) return undefined;
  const calls = [...waiting];
  for (const [index, call] of calls.entries()) {
    const slot = freest(open, call);
    if (slot) return { replica: slot.replica, calls: [call.id, ...companions(call, calls.slice(index + 1), slot)] };
  }
  return undefined;
}

function freest(open: readonly Slot[], call: Waiting): Slot | undefined {
  let best: Slot | undefined;
  for (const slot of open) {
    if (slot.revision !== call.revision || call.avoid.has(slot.replica)) continue;
    if (!best || slot.free > best.free) best = slot;
  }
  return best;
}

function companions(first: Waiting, behind: readonly Waiting[], slot: Slot): string[] {
  if (first.batchKey === undefined) return [];
  const joined: string[] = [];
  let room = slot.maxBatchSize - first.rows;
  for (const call of behind) {
    if (room <= 0) break;
    if (call.batchKey !== first.batchKey || call.revision !== first.revision || call.rows > room || call.avoid.has(slot.replica)) continue;
    joined.push(call.id);
    room -= call.rows;
  }
  return joined;
}
