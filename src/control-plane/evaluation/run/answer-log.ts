import { Mutex } from '../../../base/mutex.ts';
import type { NumberedAnswer } from '../run-store.ts';

/** Writes answers in the order in which they come, those that come while one write is under way together in the next. */
export class AnswerLog {
  readonly #write: (answers: readonly NumberedAnswer[]) => Promise<void>;
  readonly #turns = new Mutex();
  #waiting: NumberedAnswer[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(write: (answers: readonly NumberedAnswer[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves once the answer is kept: from then on its example is never called again. After a write that failed, every `add` fails like it. */
  add(answer: NumberedAnswer): Promise<void> {
    this.#waiting.push(answer);
    return this.#turns.run(async () => {
      const batch = this.#waiting;
      this.#waiting = [];
      if (this.#failure) throw this.#failure.error;
      // One that an earlier turn took with it has nothing left to do.
      if (batch.length === 0) return;
      try {
        await this.#write(batch);
      } catch (error) {
        this.#failure = { error };
        throw error;
      }
    });
  }
}
