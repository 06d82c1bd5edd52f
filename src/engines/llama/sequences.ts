import { randomUUID } from 'node:crypto';
import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp';

/** A sequence of the context that one generation holds. */
export interface Lease {
  readonly index: number;
  readonly sequence: LlamaContextSequence;
  /** Tokens at the front of the prompt that are in the cache already. */
  readonly reused: number;
  release(): void;
  /** After a failure: what the sequence holds is not to be relied on, and is never reused. */
  spoil(): void;
}

export interface SequencePool {
  /** Waits for a free sequence; rejects with the signal's reason. */
  acquire(tokens: readonly Token[], salt: string, signal: AbortSignal): Promise<Lease>;
  /** Resolves at once unless somebody needs the context between two steps; generating loops await it before each step. */
  readonly gate: Gate;
}

interface Slot {
  readonly index: number;
  readonly sequence: LlamaContextSequence;
  salt: string;
  usedAt: number;
  busy: boolean;
}

export interface Held {
  readonly tokens: readonly Token[];
  readonly salt: string;
  readonly usedAt: number;
}

export function createSequencePool(context: LlamaContext, count: number): SequencePool {
  const gate = createGate();
  const slots: Slot[] = Array.from({ length: count }, (_, index) => ({ index, sequence: context.getSequence(), salt: '', usedAt: 0, busy: false }));
  const waiters: (() => void)[] = [];
  let ticks = 0;

  const release = (slot: Slot): void => {
    slot.busy = false;
    slot.usedAt = ++ticks;
    waiters.shift()?.();
  };

  return {
    gate,
    async acquire(tokens, salt, signal) {
      while (slots.every((slot) => slot.busy)) await untilFreed(waiters, signal);
      const free = slots.filter((slot) => !slot.busy);
      const held = free.map(({ sequence, salt: heldSalt, usedAt }) => ({ tokens: sequence.contextTokens, salt: heldSalt, usedAt }));
      const choice = chooseSequence(held, tokens, salt);
      const slot = free[choice.at];
      if (slot === undefined) throw new Error('no free sequence');
      slot.busy = true;
      try {
        await cut(slot.sequence, choice.reused, gate);
      } catch (error) {
        release(slot);
        throw error;
      }
      slot.salt = salt;
      return {
        index: slot.index,
        sequence: slot.sequence,
        reused: choice.reused,
        release: () => release(slot),
        spoil: () => {
          slot.salt = randomUUID();
        },
      };
    },
  };
}

/**
 * The free sequence that holds the longest common prefix under an equal salt; else an empty one; else the least recently used.
 * At least one prompt token is left to evaluate, as something has to yield the first prediction.
 */
export function chooseSequence(free: readonly Held[], tokens: readonly Token[], salt: string): { at: number; reused: number } {
  let best = { at: -1, reused: 0 };
  let oldest = 0;
  for (const [at, held] of free.entries()) {
    const reused = held.salt === salt ? Math.min(commonPrefix(held.tokens, tokens), tokens.length - 1) : 0;
    if (reused > best.reused) best = { at, reused };
    const current = free[oldest];
    if (current !== undefined && rank(held) < rank(current)) oldest = at;
  }
  return best.at >= 0 ? best : { at: oldest, reused: 0 };
}

function rank(held: Held): number {
  return held.tokens.length === 0 ? -1 : held.usedAt;
}

function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

/** Erasing needs the context's lock, which a running batch loop never gives up: the gate stops the loop for one step. */
async function cut(sequence: LlamaContextSequence, keep: number, gate: Gate): Promise<void> {
  const end = sequence.nextTokenIndex;
  if (keep < end) await gate.whileClosed(() => sequence.eraseContextTokenRanges([{ start: keep, end }]));
}

function untilFreed(waiters: (() => void)[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener('abort', give);
      resolve();
    };
    const give = (): void => {
      const at = waiters.indexOf(wake);
      if (at >= 0) waiters.splice(at, 1);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', give, { once: true });
    waiters.push(wake);
  });
}

export interface Gate {
  /** Undefined while open, so that the usual step costs no microtask. */
  closed(): Promise<void> | undefined;
  whileClosed<T>(work: () => Promise<T>): Promise<T>;
}

function createGate(): Gate {
  let inside = 0;
  let opening: PromiseWithResolvers<void> | undefined;
  return {
    closed: () => opening?.promise,
    async whileClosed(work) {
      inside += 1;
      opening ??= Promise.withResolvers<void>();
      try {
        return await work();
      } finally {
        inside -= 1;
        if (inside === 0) {
          opening?.resolve();
          opening = undefined;
        }
      }
    },
  };
}
