import type { EngineKind, Task, WeightsInfo } from '../contract/manifest.ts';

export interface InspectedFile {
  /** The name in the manifest; only used to refuse names that announce code, and in messages. */
  readonly path: string;
  readonly absolutePath: string;
}

export interface Inspection {
  readonly engine: EngineKind;
  readonly task: Task;
  readonly weights: WeightsInfo;
  /** Which of the files holds the weights. */
  readonly weightsPath: string;
}
