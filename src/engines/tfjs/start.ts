import type { ThreadStart } from '../tensor-thread/messages.ts';

export interface TfjsStart extends ThreadStart {
  /** Of the verified model.json. */
  readonly modelPath: string;
  /** Name in model.json → path of the verified file. All are read before the worker says that it is ready. */
  readonly shardPaths: Readonly<Record<string, string>>;
}
