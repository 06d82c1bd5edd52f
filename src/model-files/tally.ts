/** Adds up a file's tensors. Sums stay below 2^53: each tensor lies in the file, or was checked against `ELEMENTS_MAX`. */
const ELEMENTS_MAX = 2 ** 48;

export interface Tally {
  add(type: string, elements: number, bytes: number): void;
  /** The sums, as `WeightsInfo` wants them. */
  result(): TallyResult;
}

export interface TallyResult {
  readonly parameters: number;
  readonly parametersByType: Record<string, number>;
  readonly tensorBytes: number;
  /** The type that holds most parameters; of equals the first met. `none` without tensors. */
  readonly quantization: string;
}

export function createTally(): Tally {
  const byType = new Map<string, number>();
  let tensorBytes = 0;
  return {
    add(type, elements, bytes) {
      byType.set(type, (byType.get(type) ?? 0) + elements);
      tensorBytes += bytes;
    },
    result() {
      let quantization = 'none';
      let most = -1;
      let parameters = 0;
      for (const [type, elements] of byType) {
        parameters += elements;
        if (elements > most) [quantization, most] = [type, elements];
      }
      return { parameters, parametersByType: Object.fromEntries(byType), tensorBytes, quantization };
    },
  };
}

/** Product of dimensions; undefined when it passes ELEMENTS_MAX. */
export function elementsOf(dimensions: readonly number[]): number | undefined {
  let elements = 1;
  for (const dimension of dimensions) {
    elements *= dimension;
    if (elements > ELEMENTS_MAX) return undefined;
  }
  return elements;
}
