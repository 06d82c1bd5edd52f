import type { EngineUsage } from '../../contract/engine-wire.ts';
import type { GenerateRequest, Generation, Piece, TextEngine } from '../engine.ts';

/** One of the sequences that a call asked for. Choices with the same `promptIndex` share a prompt, which is counted once. */
export interface Choice {
  readonly index: number;
  readonly promptIndex: number;
  readonly request: GenerateRequest;
}

export interface ChoiceEvents {
  piece(choice: Choice, piece: Piece): void;
  done(choice: Choice, generation: Generation): void;
}

export interface ChoicesResult {
  readonly usage: EngineUsage;
  readonly isCancelled: boolean;
}

/** Generates all choices, at most `engine.slots` at a time. The first failure cancels the others and is thrown. */
export async function runChoices(engine: TextEngine, choices: readonly Choice[], events: ChoiceEvents, signal: AbortSignal): Promise<ChoicesResult> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const generations: (Generation | undefined)[] = [];
  const queue = choices.values();
  const work = async (): Promise<void> => {
    for (const choice of queue) {
      if (either.aborted) return;
      const generation = await engine.generate(choice.request, (piece) => events.piece(choice, piece), either);
      generations[choice.index] = generation;
      if (generation.finish !== 'cancelled') events.done(choice, generation);
    }
  };
  const workers = Array.from({ length: Math.min(engine.slots, choices.length) }, async () => {
    try {
      await work();
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(workers);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined && !signal.aborted) throw failed.reason;
  return { usage: total(choices, generations), isCancelled: choices.some(({ index }) => (generations[index]?.finish ?? 'cancelled') === 'cancelled') };
}

/** Completions add up. A prompt counts once, whatever n; its cached tokens are those of its first choice. */
function total(choices: readonly Choice[], generations: readonly (Generation | undefined)[]): EngineUsage {
  const counted = new Set<number>();
  const sum = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  for (const { index, promptIndex } of choices) {
    const generation = generations[index];
    if (generation === undefined) continue;
    sum.completionTokens += generation.completionTokens;
    if (counted.has(promptIndex)) continue;
    counted.add(promptIndex);
    sum.promptTokens += generation.promptTokens;
    sum.cachedTokens += generation.cachedTokens;
  }
  return sum;
}
