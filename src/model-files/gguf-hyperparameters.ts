/** llama.cpp's LLAMA_MAX_LAYERS. */
export const LAYERS_MAX = 512;

/** A model's own keys, without its architecture before them. */
export interface Hyperparameters {
  readonly architecture: string;
  /** Undefined where there is no such key, or it is no number from 0. Of an array the first. */
  number(key: string): number | undefined;
  /** One number for each layer (booleans as 0 and 1); undefined where the key is no array. */
  list(key: string): readonly number[] | undefined;
}
