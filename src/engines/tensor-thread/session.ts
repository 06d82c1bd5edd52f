import type { Tensor } from '../../contract/tensor.ts';

/** A loaded model, in a thread of its own: `run` may block it while it computes. */
export interface Session {
  readonly outputNames: readonly string[];
  /** `outputs` in the wanted order. @throws Fault when the runtime refuses the inputs */
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
}

const MESSAGE_CHARACTERS_MAX = 300;

/** A runtime's own words without where its sources or our files lie. */
export function publicText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const status = text.split('Status Message:').at(-1) ?? text;
  const words = status.split(/\s+/).filter((word) => word !== '' && !/[/\\]|\.(h|cc|cpp):/.test(word));
  return words.join(' ').slice(0, MESSAGE_CHARACTERS_MAX) || 'unknown reason.';
}
