import type { Manifest } from '../../../contract/manifest.ts';

/** One package that has a starter's files. */
export interface StarterSource {
  readonly source: string;
  /** Flat name → entry of the package, or `outer.zip!inner/path`. */
  readonly entries: Readonly<Record<string, string>>;
}

/** A model that a new Modelyard brings along, as data. Every source yields the same bytes, or is not taken. */
export interface Starter {
  readonly name: string;
  /** In the order in which they are tried. */
  readonly sources: readonly StarterSource[];
  /** Where else the same files are, for kinds of sources that are still to come: `hf:OWNER/NAME/FILE`. */
  readonly laterSources?: readonly string[];
  /** `bert-gguf`: model.safetensors, tokenizer.json and config.json become the one GGUF file in `files`. */
  readonly convert?: 'bert-gguf';
  /** Flat name → sha256 of the published file. */
  readonly files: Readonly<Record<string, `sha256:${string}`>>;
  readonly pipeline?: NonNullable<Manifest['pipeline']>;
  readonly engineOptions?: Readonly<Record<string, unknown>>;
  readonly batching?: NonNullable<Manifest['batching']>;
  readonly licence: string;
  /** The same for every source, so that the version's digest does not depend on which one could be had. */
  readonly origin: string;
  /** The model card, Markdown. */
  readonly card: string;
}
