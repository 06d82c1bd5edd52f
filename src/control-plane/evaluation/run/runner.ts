import { backoffMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { Fault, type FaultKind, toFault } from '../../../contract/errors.ts';
import { tooManyFailures } from '../errors.ts';
import type { GatewayAnswer, GatewaySession } from '../ports.ts';
import type { Answer, NumberedAnswer } from '../run-store.ts';
import { AnswerLog } from './answer-log.ts';
import type { Row } from './dataset.ts';
import type { Plan } from './plan.ts';
import { UnreadableAnswer } from './settings.ts';

/** Refusals that pass (a limit, a full queue, a model that loads) are waited out so often, other failures of the server tried again so often. */
const BUSY_ATTEMPTS_MAX = 20;
const BROKEN_ATTEMPTS_MAX = 3;
const WAIT_MS_MAX = 30_000;
const WAIT_MS_BASE = 250;
/** When the server stops, calls under way may still end for so long. */
const STOP_GRACE_MS = 10_000;
const MESSAGE_CHARS_MAX = 500;

const BUSY: ReadonlySet<number> = new Set([429, 503]);
/** The key or the model is gone: no example can succeed any more. */
const ENDS_RUN: Readonly<Record<number, FaultKind>> = { 401: 'unauthenticated', 402: 'payment_required', 403: 'permission_denied', 404: 'not_found' };

export interface RunnerParts {
  readonly clock: Clock;
  readonly session: GatewaySession;
  readonly reference: string;
  readonly plan: Plan;
  readonly rows: readonly Row[];
  readonly concurrency: number;
  /** The run ends when more examples than this have failed. */
  readonly failuresMax: number;
  keep(answers: readonly NumberedAnswer[]): Promise<void>;
  /** Told after each answer. */
  progressed(ended: number, failed: number): void;
}

/** Calls the model for each example that has no answer yet, a few at a time. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #answers = new Map<number, Answer>();
  readonly #log: AnswerLog;
  #failed = 0;

  constructor(parts: RunnerParts, before: readonly NumberedAnswer[]) {
    this.#parts = parts;
    this.#log = new AnswerLog((answers) => parts.keep(answers));
    for (const { index, answer } of before) this.#take(index, answer);
  }

  /** All answers by the example's place. @throws Fault `too_many_failures`, or why no example can be called; the signal's reason when it is aborted */
  async run(signal: AbortSignal): Promise<ReadonlyMap<number, Answer>> {
    const { clock, rows, concurrency } = this.#parts;
    using stop = graceAfter(signal, clock);
    const left = rows.keys().filter((index) => !this.#answers.has(index));
    const work = async () => {
      for (const index of left) {
        if (stop.soft.aborted) return;
        await this.#example(index, stop).catch((error: unknown) => {
          stop.end(error);
          throw error;
        });
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: concurrency }, work));
    signal.throwIfAborted();
    const bad = ends.find((end) => end.status === 'rejected');
    if (bad) throw bad.reason as Error;
    return this.#answers;
  }

  async #example(index: number, stop: Stop): Promise<void> {
    const { clock, plan, rows, failuresMax, progressed } = this.#parts;
    const row = rows[index];
    if (!row) return;
    const started = clock.monotonic();
    const answer = await this.#ask(row, plan, stop);
    if (!answer) return;
    const timed = 'failed' in answer ? { ...answer, ms: clock.monotonic() - started } : answer;
    await this.#log.add({ index, answer: timed });
    this.#take(index, timed);
    progressed(this.#answers.size, this.#failed);
    if (this.#failed > failuresMax) throw tooManyFailures(this.#failed, rows.length, 'failed' in timed ? timed.failed.message : '');
  }

  #take(index: number, answer: Answer): void {
    this.#answers.set(index, answer);
    if ('failed' in answer) this.#failed++;
  }

  /** One example's answer; undefined when the run stops meanwhile. */
  async #ask(row: Row, plan: Plan, stop: Stop): Promise<Answer | undefined> {
    const { session, reference, clock } = this.#parts;
    const request = plan.request(row);
    for (let attempt = 1; ; attempt++) {
      const answer = await session.call(reference, request, stop.hard);
      // A call that the stop has cut short says nothing of the example.
      if (stop.hard.aborted) return undefined;
      if (answer.status === 200) return readAnswer(answer, plan);
      const { code, message } = errorIn(answer);
      const ends = ENDS_RUN[answer.status];
      if (ends) throw new Fault(ends, code, message);
      if (attempt >= attemptsFor(answer.status)) return { failed: { code, message }, ms: 0 };
      const asked = (answer.retryAfterSeconds ?? 0) * 1_000;
      const waited = await clock.after(Math.min(WAIT_MS_MAX, Math.max(asked, backoffMs(attempt - 1, WAIT_MS_BASE, WAIT_MS_MAX))), stop.soft).then(
        () => true,
        () => false,
      );
      if (!waited) return undefined;
    }
  }
}

function attemptsFor(status: number): number {
  if (BUSY.has(status)) return BUSY_ATTEMPTS_MAX;
  return status >= 500 ? BROKEN_ATTEMPTS_MAX : 1;
}

function readAnswer({ body, revision, durationMs }: GatewayAnswer, plan: Plan): Answer {
  try {
    const answer = JSON.parse(Buffer.from(body).toString()) as { usage?: { prompt_tokens?: number; completion_tokens?: number } };
    const { prompt_tokens: promptTokens = 0, completion_tokens: completionTokens = 0 } = answer.usage ?? {};
    return { prediction: plan.read(answer), ms: durationMs, revision: revision ?? '', promptTokens, completionTokens };
  } catch (error) {
    if (error instanceof UnreadableAnswer || error instanceof SyntaxError) return { failed: { code: 'unreadable_answer', message: error.message }, ms: durationMs };
    throw error;
  }
}

/** The code and the sentence of an error answer: OpenAI's object, or OIP's text. */
function errorIn({ status, body }: GatewayAnswer): { code: string; message: string } {
  const text = Buffer.from(body).toString().slice(0, 65_536);
  try {
    const { error } = JSON.parse(text) as { error?: string | { code?: string; message?: string } };
    if (typeof error === 'string') return { code: `status_${status}`, message: error.slice(0, MESSAGE_CHARS_MAX) };
    if (error?.message !== undefined) return { code: error.code ?? `status_${status}`, message: error.message.slice(0, MESSAGE_CHARS_MAX) };
  } catch {
    // An answer that is no JSON is told as it is.
  }
  return { code: `status_${status}`, message: text.slice(0, MESSAGE_CHARS_MAX) };
}

interface Stop extends Disposable {
  /** No new example is begun, and no wait goes on. */
  readonly soft: AbortSignal;
  /** Calls under way are cut. */
  readonly hard: AbortSignal;
  end(reason: unknown): void;
}

/** A stop with a grace: what has been asked is let end, so that it need not be asked again. */
function graceAfter(signal: AbortSignal, clock: Clock): Stop {
  const [soft, hard] = [new AbortController(), new AbortController()];
  let cancel: (() => void) | undefined;
  const end = (reason: unknown) => {
    if (soft.signal.aborted) return;
    soft.abort(toFault(reason));
    cancel = clock.timer(STOP_GRACE_MS, () => hard.abort(toFault(reason)));
  };
  const onAbort = () => end(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return {
    soft: soft.signal,
    hard: hard.signal,
    end,
    [Symbol.dispose]() {
      cancel?.();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
