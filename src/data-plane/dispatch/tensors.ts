import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import {
  decodeInferReply,
  encodeInferRequest,
  encodeInferRequestJson,
  type InferReply,
  type InferRequest,
  OIP_HEADER_LENGTH,
  parseHeaderLength,
} from '../../contract/oip-binary.ts';
import type { AnswerHeaders, AnswerSink, TensorWork } from '../call.ts';
import { batchKey, joinRequests, splitReply } from '../dialects/oip.ts';
import { engineFault, outcomeOf } from './forward.ts';
import { crashFault, deadlineFault, engineHeaders, Job, type JobEnd, type JobParts } from './job.ts';
import type { Lane, Outcome } from './lane.ts';
import type { Entry } from './queue.ts';
import { ReplyBytes } from './reply-bytes.ts';
import type { UpstreamControl, UpstreamListener, UpstreamRequest } from './upstream.ts';

/** A tensor call, and where its answer goes. */
export interface TensorCall {
  readonly work: TensorWork;
  readonly sink: AnswerSink;
}

/** A tensor call. The first of a batch carries the others: their requests are joined, and each gets its rows of the answer. */
export class TensorJob extends Job {
  readonly work: TensorWork;
  readonly rows: number;
  readonly batchKey: string | undefined;
  readonly #sink: AnswerSink;
  #batch: Batch | undefined;

  constructor(parts: JobParts, { work, sink }: TensorCall) {
    super(parts);
    const { target } = parts;
    this.#sink = sink;
    this.work = work;
    this.rows = work.rows;
    // One whose engine was lost goes alone: should it be what killed it, its neighbours are not lost with it again (S17).
    this.batchKey = target.revision.maxBatchSize > 1 && !parts.isAlone ? batchKey(work.request, work.rows) : undefined;
  }

  start(lane: Lane, batch: readonly Entry[]): void {
    const members = batch as readonly TensorJob[];
    for (const member of members) member.begin(lane);
    void this.#runAll(lane, members).finally(() => this.queue.free(lane, members, this.clock.monotonic() - this.begunAt, this.#batch?.outcome));
  }

  /** Ends this member; the batch goes on while anybody waits for it. */
  protected stopRunning(why: 'client' | 'deadline'): void {
    this.settle(why === 'client' ? { status: 'cancelled' } : { status: 'failed', fault: deadlineFault() });
    this.#batch?.memberLeft();
  }

  async #runAll(lane: Lane, members: readonly TensorJob[]): Promise<void> {
    const reply = await this.#runBatch(lane, members);
    if (!(reply instanceof Fault) || reply.kind === 'bad_upstream' || members.length === 1) return share(reply, members);
    // A refused batch says nothing of each member: one caller's bad input must not fail another's call.
    for (const member of members) if (!member.settled) share(await this.#runBatch(lane, [member]), [member]);
  }

  async #runBatch(lane: Lane, members: readonly TensorJob[]): Promise<Reply> {
    const batch = new Batch(lane, members, this.clock);
    for (const member of members) member.#batch = batch;
    const sentAt = this.clock.monotonic();
    try {
      const reply = await batch.run();
      const rows = members.reduce((sum, member) => sum + member.rows, 0);
      if (reply !== 'full' && !(reply instanceof Fault)) this.queue.executed(lane, rows, this.clock.monotonic() - sentAt);
      return reply;
    } catch (error) {
      return faultOf(error);
    }
  }

  /** Writes the member's part of the answer in its client's own form. */
  answer(part: InferReply): void {
    if (this.settled) return;
    try {
      const { headers, chunks } = this.work.encode(part);
      this.#sink.head(200, headers);
      for (const chunk of chunks) this.#sink.frame(chunk);
      this.settle({ status: 'complete' });
    } catch (error) {
      this.settle({ status: 'failed', fault: faultOf(error) });
    }
  }

  /** Ends the member without an answer. */
  end(end: JobEnd): void {
    this.settle(end);
  }

  get waits(): boolean {
    return !this.settled;
  }
}

/** The code of `crashFault`: nothing of an answer came, since a tensor answer comes whole. */
const LOST = crashFault(undefined).code;

/** What one hop to the engine gave. */
type Reply = InferReply | Fault | 'full';

function share(reply: Reply, members: readonly TensorJob[]): void {
  if (reply === 'full' || reply instanceof Fault) {
    const isLost = reply !== 'full' && reply.code === LOST;
    for (const member of members) member.end(reply === 'full' ? { status: reply } : { status: 'failed', fault: reply, retry: isLost });
    return;
  }
  try {
    const parts = splitReply(
      reply,
      members.map(({ rows }) => rows),
    );
    for (const [index, member] of members.entries()) if (parts[index]) member.answer(parts[index]);
  } catch (error) {
    for (const member of members) member.end({ status: 'failed', fault: faultOf(error) });
  }
}

/** What an engine's answer made us stumble over is the engine's fault. */
function faultOf(error: unknown): Fault {
  return error instanceof Fault ? error : crashFault(error);
}

/** A request as it is sent. */
interface Form {
  readonly body: UpstreamRequest['body'];
  readonly headers: readonly string[];
}

function binaryForm(request: InferRequest): Form {
  const { chunks, headerLength } = encodeInferRequest(request);
  return { body: chunks, headers: ['content-type', 'application/octet-stream', OIP_HEADER_LENGTH, String(headerLength)] };
}

function jsonForm(request: InferRequest): Form {
  return { body: encodeInferRequestJson(request), headers: ['content-type', 'application/json'] };
}

/** One hop for all members. A member that leaves never stops the others; the last one takes the engine's call with it. */
class Batch implements UpstreamListener {
  readonly copies = true;
  readonly #lane: Lane;
  readonly #members: readonly TensorJob[];
  readonly #clock: Clock;
  readonly #answer = Promise.withResolvers<Reply>();
  readonly #body = new ReplyBytes();
  #endGrace: (() => void) | undefined;
  #control: UpstreamControl | undefined;
  #status = 0;
  #headerLength: string | undefined;
  #retryAfter: string | string[] | undefined;
  /** What the hop says of the replica; undefined: nothing. */
  outcome: Outcome | undefined;

  constructor(lane: Lane, members: readonly TensorJob[], clock: Clock) {
    this.#lane = lane;
    this.#members = members;
    this.#clock = clock;
  }

  get #requestId(): string {
    return this.#members[0]?.call.id ?? '';
  }

  async run(): Promise<Reply> {
    const deadline = Math.max(...this.#members.map((member) => member.deadline));
    const { upstream, revision } = this.#lane;
    const { foreign } = upstream;
    const request = joinRequests(this.#members.map(({ work }) => work.request));
    const { body, headers } = !foreign || foreign.isBinary ? binaryForm(request) : jsonForm(request);
    const own = foreign ? [] : engineHeaders(this.#requestId, deadline - this.#clock.monotonic(), '');
    const path = `/v2/models/${foreign ? encodeURIComponent(foreign.model) : revision.id}/infer`;
    // A hop for several calls is a part of the first one's trace.
    const traced = this.#members[0]?.call.trace?.headers ?? [];
    upstream.send({ path, headers: [...headers, ...own, ...traced], body }, this);
    return await this.#answer.promise;
  }

  memberLeft(): void {
    if (this.#members.some(({ waits }) => waits)) return;
    this.#endGrace ??= this.#lane.upstream.stop(this.#requestId, () => this.#control);
  }

  begun(control: UpstreamControl): void {
    this.#control = control;
  }

  head(status: number, headers: AnswerHeaders): void {
    this.#status = status;
    const length = headers[OIP_HEADER_LENGTH];
    this.#headerLength = typeof length === 'string' ? length : undefined;
    this.#retryAfter = headers['retry-after'];
    // What a stranger says of its answer is not believed before it is there.
    if (status === 200 && !this.#lane.upstream.foreign) this.#body.expect(Number(headers['content-length']));
  }

  data(bytes: Buffer): void {
    this.#body.add(bytes);
  }

  ended(error?: Error): void {
    this.#endGrace?.();
    if (!this.#endGrace && this.#status !== 503) this.outcome = error ? 'failed' : outcomeOf(this.#status, this.#retryAfter);
    if (error) return this.#answer.reject(error);
    try {
      this.#answer.resolve(this.#decoded());
    } catch (fault) {
      this.#answer.reject(fault);
    }
  }

  #decoded(): Reply {
    if (this.#status === 503) return 'full';
    const body = this.#body.join();
    if (this.#status !== 200) return engineFault(this.#status, body, this.#retryAfter);
    return decodeInferReply(body, parseHeaderLength(this.#headerLength));
  }
}
