import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';

export interface RunningCall {
  readonly signal: AbortSignal;
  abort(): void;
  end(): void;
}

/** The calls that an engine is computing: counted against its slots, and found by id for a cancel. */
export interface RunningCalls {
  readonly count: number;
  begin(requestId: string, deadlineMs: number | undefined): RunningCall;
  cancel(requestId: string): void;
  /** Resolves when none is running. */
  drained(): Promise<void>;
}

/** So long after its deadline, or after it was called off, a call that has not ended is a hang: no engine needs that to notice. */
const HANG_MS = 30_000;

/** @param hung told of a call that does not end */
export function createRunningCalls(clock: Clock, hung: (requestId: string) => void = () => undefined): RunningCalls {
  const byId = new Map<string, Set<AbortController>>();
  let count = 0;
  let whenDrained: (() => void)[] = [];
  return {
    get count() {
      return count;
    },
    begin(requestId, deadlineMs) {
      const controller = new AbortController();
      const stopTimer =
        deadlineMs === undefined
          ? undefined
          : clock.timer(deadlineMs, () => {
              controller.abort(new Fault('deadline_exceeded', 'deadline_exceeded', "The call's deadline passed while the model was computing."));
            });
      let stopWatch: (() => void) | undefined;
      controller.signal.addEventListener('abort', () => (stopWatch = clock.timer(HANG_MS, () => hung(requestId))), { once: true });
      const siblings = byId.get(requestId) ?? new Set();
      byId.set(requestId, siblings.add(controller));
      count += 1;
      return {
        signal: controller.signal,
        // A response closes after its end too: nobody listens then, and an AbortError with its stack costs as much as reading the call.
        abort() {
          if (siblings.has(controller)) controller.abort();
        },
        end() {
          if (!siblings.delete(controller)) return;
          stopTimer?.();
          stopWatch?.();
          if (siblings.size === 0) byId.delete(requestId);
          count -= 1;
          if (count > 0) return;
          for (const resolve of whenDrained) resolve();
          whenDrained = [];
        },
      };
    },
    cancel: (requestId) => byId.get(requestId)?.forEach((controller) => controller.abort()),
    drained: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => whenDrained.push(resolve))),
  };
}
