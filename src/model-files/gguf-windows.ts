import type { Hyperparameters } from './gguf-hyperparameters.ts';

/** Sliding windows as llama.cpp v0.5.0 reads them (`load_swa_pattern`, `set_swa_pattern`, models/*.cpp). */
export interface Windows {
  /** How far back such a layer sees. */
  readonly tokens: number;
  isWindowed(layer: number): boolean;
}

interface Rule {
  /** One layer in so many sees everything; 0: none does; 1: all do, unless the file lists them. */
  readonly period: number;
  /** Whether that layer is the first of each period; else the last. */
  readonly denseFirst?: boolean;
  /** Where the file names no window. */
  readonly tokens?: number;
  /** Taken whatever window the file names. */
  readonly fixed?: boolean;
}

/** Architectures whose windows llama.cpp heeds. Others may name one (Mistral's, Phi-3's), and see everything all the same. */
const RULES: Readonly<Record<string, Rule>> = {
  afmoe: { period: 4 },
  cohere2: { period: 4 },
  cohere2moe: { period: 4, denseFirst: true },
  'exaone-moe': { period: 4, tokens: 128 },
  exaone4: { period: 4, tokens: 4_096 },
  gemma2: { period: 2, tokens: 4_096 },
  gemma3: { period: 6 },
  gemma3n: { period: 5 },
  gemma4: { period: 1 },
  'gpt-oss': { period: 2 },
  granite_swa: { period: 1 },
  laguna: { period: 4, denseFirst: true },
  lfm2: { period: 0 },
  lfm2moe: { period: 0 },
  llama4: { period: 4, tokens: 8_192, fixed: true },
  maple: { period: 1 },
  mellum: { period: 4 },
  mimo2: { period: 1 },
  'muse-glimmer': { period: 4 },
  olmo2: { period: 4 },
  plamo3: { period: 8 },
  smallthinker: { period: 4, denseFirst: true },
  spark2_5: { period: 1 },
  step35: { period: 1 },
};
const SMALLTHINKER_TOKENS = 4_096;
/** Of Exaone 4 only the one with so many layers has windows. */
const EXAONE4_LAYERS = 64;

/** @returns undefined where every layer sees everything */
export function windowsOf(header: Hyperparameters, layers: number): Windows | undefined {
  const rule = RULES[header.architecture];
  if (!rule || (header.architecture === 'exaone4' && layers !== EXAONE4_LAYERS)) return undefined;
  const tokens = tokensOf(header, rule);
  if (tokens === 0) return undefined;
  const listed = header.list('attention.sliding_window_pattern');
  const period = header.number('attention.sliding_window_pattern') ?? rule.period;
  return { tokens, isWindowed: (layer) => (listed ? listed[layer] === 1 : byPeriod(layer, period, rule.denseFirst === true)) };
}

function tokensOf({ architecture, number }: Hyperparameters, { tokens = 0, fixed = false }: Rule): number {
  const named = number('attention.sliding_window');
  if (architecture === 'smallthinker') return (named ?? 0) > 0 ? SMALLTHINKER_TOKENS : 0;
  return named === undefined || (fixed && named > 0) ? tokens : named;
}

function byPeriod(layer: number, period: number, denseFirst: boolean): boolean {
  if (period === 0) return true;
  return denseFirst ? layer % period !== 0 : layer % period < period - 1;
}
