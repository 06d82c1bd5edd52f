import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { TOOL_CALL_OPEN } from '../tools.ts';
import type { RenderReply, RenderRequest, TemplateWorkerData } from './template-worker.ts';

const RENDER_MS_MAX = 1_000;
/** A first rendering also waits for the thread to start, on a machine that may be busy. */
const START_MS_MAX = 10_000;
const OUTPUT_CHARACTERS_MAX = 8 * 1024 * 1024;
const TEMPLATE_CHARACTERS_MAX = 256 * 1024;
const WORKER_MEMORY_MIB_MAX = 128;
const ERROR_CHARACTERS_MAX = 200;

export interface ChatTemplate {
  /** It writes tools and calls itself, in the form that we read. */
  readonly isToolNative: boolean;
  /** Renders the template once per set of variables; rejects with `chat_template_failed`. */
  render(renderings: readonly Readonly<Record<string, unknown>>[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (texts: readonly string[]) => void;
  readonly reject: (fault: Fault) => void;
  readonly stopTimer: () => void;
}

interface Running {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  isOnline: boolean;
}

/** Runs a model's chat template in a thread with bounds on time, memory and output (X23); one that hangs is replaced. */
export function createChatTemplate(chatTemplate: string, clock: Clock): ChatTemplate {
  if (chatTemplate.length > TEMPLATE_CHARACTERS_MAX) throw failed(`it is longer than ${TEMPLATE_CHARACTERS_MAX} characters`);
  let running: Running | undefined;
  let lastId = 0;

  const stop = (target: Running, why: string): void => {
    if (running === target) running = undefined;
    void target.worker.terminate();
    for (const pending of target.pending.values()) {
      pending.stopTimer();
      pending.reject(failed(why));
    }
    target.pending.clear();
  };

  return {
    isToolNative: /\btools\b/.test(chatTemplate) && chatTemplate.includes(TOOL_CALL_OPEN),
    render(renderings) {
      const target = (running ??= start({ chatTemplate, outputCharactersMax: OUTPUT_CHARACTERS_MAX }, stop));
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const limitMs = target.isOnline ? RENDER_MS_MAX : START_MS_MAX;
      const stopTimer = clock.timer(limitMs, () => stop(target, `it took longer than ${limitMs} ms`));
      target.pending.set(id, { resolve, reject, stopTimer });
      target.worker.ref();
      target.worker.postMessage({ id, renderings } satisfies RenderRequest);
      return promise;
    },
    async close() {
      await running?.worker.terminate();
      running = undefined;
    },
  };
}

function start(workerData: TemplateWorkerData, stop: (target: Running, why: string) => void): Running {
  const worker = new Worker(new URL('./template-worker.ts', import.meta.url), {
    workerData,
    env: {},
    execArgv: [],
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_MEMORY_MIB_MAX },
  });
  const running: Running = { worker, pending: new Map(), isOnline: false };
  worker.on('message', (reply: RenderReply) => {
    running.isOnline = true;
    const pending = running.pending.get(reply.id);
    if (pending === undefined) return;
    running.pending.delete(reply.id);
    pending.stopTimer();
    if ('texts' in reply) pending.resolve(reply.texts);
    else pending.reject(failed(reply.error.slice(0, ERROR_CHARACTERS_MAX)));
    if (running.pending.size === 0) worker.unref();
  });
  worker.on('error', (error: Error) => stop(running, error.message.slice(0, ERROR_CHARACTERS_MAX)));
  worker.on('exit', () => stop(running, 'its thread ended'));
  return running;
}

function failed(why: string): Fault {
  return new Fault('invalid_argument', 'chat_template_failed', `The model's chat template can't render these messages: ${why}.`, { param: 'messages' });
}
