import type { Clock } from '../base/clock.ts';
import { CALL_HEADER } from '../contract/call-headers.ts';
import { Fault, toFault } from '../contract/errors.ts';
import type { CallerEntry, DeploymentRoute } from '../contract/feeds.ts';
import { generateKey, hashKey } from '../contract/key-format.ts';
import { unknownModel, parseReference } from '../contract/names.ts';
import type { EvaluationTarget, Gateway, GatewayAnswer, GatewaySession } from '../control-plane/evaluation/index.ts';
import { type Exchange, type FaultEncoder, Presence, type ReplySink } from '../data-plane/call.ts';
import { matchRoute } from '../data-plane/protocols/table.ts';
import type { InferenceHandler } from '../http/inference.ts';

/** Of one example, in seconds. */
const TIMEOUT_SECONDS = 300;

export interface InnerCallsParts {
  readonly clock: Clock;
  /** The entry of a key as it is now: by its id, and, for each call, by its hash. */
  entryOf(keyId: string): CallerEntry | undefined;
  find(hash: string): CallerEntry | undefined;
  /** The deployments that a caller may call. */
  visible(caller: CallerEntry): readonly DeploymentRoute[];
  revisions(deployment: string): EvaluationTarget['revisions'];
  inference: InferenceHandler;
}

/**
 * Calls that this server makes itself, down the same request path as everybody's, without a socket. A session has a secret of its own, made for it and
 * never stored, that stands for the key which ordered it: what the key may call, its limits and its end hold for each call. They are served when nobody
 * else waits.
 */
export class InnerCalls implements Gateway {
  readonly #parts: InnerCallsParts;
  /** The hash of the key that a secret stands for, by the secret's own. */
  readonly #keys = new Map<string, string>();

  constructor(parts: InnerCallsParts) {
    this.#parts = parts;
  }

  /** The entry that a session's secret stands for. */
  find(hash: string): CallerEntry | undefined {
    const key = this.#keys.get(hash);
    return key === undefined ? undefined : this.#parts.find(key);
  }

  open(keyId: string): GatewaySession {
    const { revisions } = this.#parts;
    const secret = generateKey();
    const hash = hashKey(secret);
    this.#keys.set(hash, this.#entry(keyId).hash);
    return {
      target: (reference) => {
        const { name, version } = parseReference(reference);
        const route = this.#parts.visible(this.#entry(keyId)).find((deployment) => deployment.name === name);
        const live = route?.revisions.filter((revision) => version === undefined || revision.version === version) ?? [];
        const revision = live.toSorted((a, b) => b.weight - a.weight)[0];
        if (!revision) throw unknownModel(reference);
        return { task: revision.task, signature: revision.signature, revisions: revisions(name) };
      },
      call: (_reference, { path, headers, body }, signal) =>
        this.#call(path, { ...headers, authorization: `Bearer ${secret}`, [CALL_HEADER.timeout]: String(TIMEOUT_SECONDS), [CALL_HEADER.priority]: 'low' }, { body, signal }),
      [Symbol.dispose]: () => {
        this.#keys.delete(hash);
      },
    };
  }

  #entry(keyId: string): CallerEntry {
    const entry = this.#parts.entryOf(keyId);
    if (!entry) throw new Fault('unauthenticated', 'key_gone', 'The key that ordered this is no more; go on with another one.');
    return entry;
  }

  async #call(path: string, headers: Readonly<Record<string, string>>, { body, signal }: { body: Uint8Array; signal: AbortSignal }): Promise<GatewayAnswer> {
    const { clock, inference } = this.#parts;
    const startedAt = clock.monotonic();
    const matched = matchRoute('POST', path);
    if ('fault' in matched) throw matched.fault;
    const reply = new CollectingSink();
    const presence = new Presence();
    const exchange: Exchange = {
      method: 'POST',
      path,
      headers,
      address: 'local',
      presence,
      readBody: async (bytesMax) => {
        if (body.length > bytesMax) throw new Fault('payload_too_large', 'body_too_large', `The request body is larger than ${bytesMax} bytes.`);
        return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      },
      reply: (faults) => reply.with(faults),
    };
    const leave = () => presence.end();
    signal.addEventListener('abort', leave);
    try {
      if (signal.aborted) leave();
      await inference(matched.route, matched.params, exchange).catch((error: unknown) => reply.with(matched.route.faults).fail(toFault(error)));
    } finally {
      signal.removeEventListener('abort', leave);
    }
    return reply.answer(clock.monotonic() - startedAt);
  }
}

/** Keeps an answer in memory: it is one example's, without a stream. */
class CollectingSink implements ReplySink {
  readonly #frames: Uint8Array[] = [];
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #faults: FaultEncoder | undefined;
  committed = false;

  with(faults: FaultEncoder): this {
    this.#faults = faults;
    return this;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    this.#status = status;
    this.#headers = headers;
  }

  /** A frame's memory may be used again by who sent it. */
  frame(bytes: Uint8Array): boolean {
    this.committed = true;
    this.#frames.push(Buffer.from(bytes));
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(last?: Uint8Array): void {
    if (last) this.frame(last);
  }

  /** After the first byte too: nobody has seen it, so the failure is the answer. */
  fail(fault: Fault): void {
    const { status, headers, body } = this.#faults?.answer(fault) ?? { status: 500, headers: {}, body: fault.message };
    this.#status = status;
    this.#headers = headers;
    this.#frames.splice(0, this.#frames.length, Buffer.from(body));
  }

  answer(durationMs: number): GatewayAnswer {
    const retryAfter = Number(this.#headers['retry-after']);
    return {
      status: this.#status,
      body: Buffer.concat(this.#frames),
      revision: this.#headers['x-modelyard-revision'],
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
      durationMs,
    };
  }
}
