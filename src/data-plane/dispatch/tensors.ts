import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { decodeInferReply, encodeInferRequest, type InferReply, OIP_HEADER_LENGTH, parseHeaderLength } from '../../contract/oip-binary.ts';
import type { Call, TensorWork } from '../call.ts';
import { joinRequests, splitReply } from '../dialects/oip.ts';
import { engineFault } from './forward.ts';
import { crashFault, deadlineFault, engineHeaders, Watch } from './job.ts';
import type { Lane } from './queue.ts';

/** An answer's tensors are kept whole in memory; no more than this. */
const REPLY_BYTES_MAX = 256 * 1_048_576;

/** A tensor call that waits for its share of a batch. */
export interface Member {
  readonly call: Call;
  readonly work: TensorWork;
  settle(end: TensorEnd): void;
}

export type TensorEnd =
  | { readonly status: 'complete'; readonly reply: InferReply }
  | { readonly status: 'full' | 'cancelled' }
  | { readonly status: 'failed'; readonly fault: Fault };

/**
 * Runs one batch: joins the members' requests, one hop, and gives each its rows of the answer. A member that leaves or whose
 * deadline passes is let go at once and never stops the others; the last one takes the engine's call with it.
 */
export async function runBatch(lane: Lane, members: readonly Member[], clock: Clock): Promise<void> {
  const [first] = members;
  if (!first) return;
  const joint = jointCall(first.call, members);
  const watch = new Watch(joint.call, clock, lane.upstream);
  const letGo = members.length > 1 ? watchMembers(members, clock, joint.leave) : undefined;
  try {
    const reply = await infer(lane, { call: joint.call, members }, clock, watch);
    if (reply instanceof Fault && reply.kind !== 'bad_upstream' && members.length > 1) return await runAlone(lane, members, clock);
    const parts =
      reply instanceof Fault || reply === 'full'
        ? []
        : splitReply(
            reply,
            members.map(({ work }) => work.rows),
          );
    for (const [index, member] of members.entries()) {
      const part = parts[index];
      if (part && watch.stopped === undefined) member.settle({ status: 'complete', reply: part });
      else if (reply === 'full') member.settle({ status: 'full' });
      else member.settle(ended(watch, reply instanceof Fault ? reply : crashFault(undefined)));
    }
  } catch (error) {
    for (const member of members) member.settle(ended(watch, error instanceof Fault ? error : crashFault(error)));
  } finally {
    watch.close();
    letGo?.();
  }
}

/** A refused batch says nothing of each member: one caller's bad input must not fail another's call. */
async function runAlone(lane: Lane, members: readonly Member[], clock: Clock): Promise<void> {
  for (const member of members) if (!member.call.signal.aborted) await runBatch(lane, [member], clock);
}

/** The call that the engine sees: a lone member's own; a batch's ends when its last member has left, by the latest deadline. */
function jointCall(first: Call, members: readonly Member[]): { call: Call; leave(): void } {
  if (members.length === 1) return { call: first, leave: () => undefined };
  const all = new AbortController();
  let staying = members.length;
  const deadline = Math.max(...members.map(({ call }) => call.deadline));
  return {
    call: { ...first, deadline, signal: all.signal },
    leave() {
      if (--staying === 0) all.abort();
    },
  };
}

/** Settles each member that stops waiting, once. Returns how to stop watching. */
function watchMembers(members: readonly Member[], clock: Clock, leave: () => void): () => void {
  const stops = members.map((member) => {
    const { signal, deadline } = member.call;
    const go = (end: TensorEnd) => {
      stop();
      member.settle(end);
      leave();
    };
    const onAbort = () => go({ status: 'cancelled' });
    const stopTimer = clock.timer(Math.max(0, deadline - clock.monotonic()), () => go({ status: 'failed', fault: deadlineFault() }));
    signal.addEventListener('abort', onAbort, { once: true });
    const stop = () => {
      stopTimer();
      signal.removeEventListener('abort', onAbort);
    };
    return stop;
  });
  return () => {
    for (const stop of stops) stop();
  };
}

function ended(watch: Watch, fault: Fault): TensorEnd {
  if (watch.stopped === 'client') return { status: 'cancelled' };
  return { status: 'failed', fault: watch.stopped === 'deadline' ? deadlineFault() : fault };
}

interface Batch {
  readonly call: Call;
  readonly members: readonly Member[];
}

async function infer(lane: Lane, { call, members }: Batch, clock: Clock, watch: Watch): Promise<InferReply | Fault | 'full'> {
  const { chunks, headerLength } = encodeInferRequest(joinRequests(members.map(({ work }) => work.request)));
  const headers = { ...engineHeaders(call, clock, '', 'application/octet-stream'), [OIP_HEADER_LENGTH]: String(headerLength) };
  const answer = new WholeReply();
  const path = `/v2/models/${lane.revision.id}/infer`;
  await lane.upstream.send({ path, headers, body: Buffer.concat(chunks) }, answer, (control) => {
    watch.control = control;
  });
  if (answer.status === 503) return 'full';
  if (answer.status !== 200) return engineFault(answer.status, answer.body(), undefined);
  return decodeInferReply(answer.body(), parseHeaderLength(answer.headerLength));
}

class WholeReply {
  status = 0;
  headerLength: string | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  head(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.status = status;
    const length = headers[OIP_HEADER_LENGTH];
    this.headerLength = typeof length === 'string' ? length : undefined;
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > REPLY_BYTES_MAX) throw new RangeError(`the engine's answer is larger than ${REPLY_BYTES_MAX} bytes`);
    this.#chunks.push(chunk);
    return true;
  }

  body(): Buffer {
    return Buffer.concat(this.#chunks, this.#bytes);
  }
}
