import type { CacheInfo } from '../contract/manifest.ts';
import { type Hyperparameters, LAYERS_MAX } from './gguf-hyperparameters.ts';
import { recurrentLayers, stateLength } from './gguf-recurrent.ts';
import { windowsOf } from './gguf-windows.ts';

/**
 * What llama.cpp v0.5.0 keeps of each sequence, from the header alone: its rules, read in llama-model.cpp (`create_memory`), llama-hparams.cpp,
 * llama-kv-cache.cpp and models/*.cpp. tests/with-models/kv-cache.test.ts holds them against the engine's own log.
 */

/** Of one layer, without its recurrent state. */
interface Layer {
  readonly keyLength: number;
  readonly valueLength: number;
  readonly windowTokens: number | undefined;
}

/** These compute a text at once and keep nothing. */
const NO_CACHE =
  /^(bert|modern-bert|nomic-bert|nomic-bert-moe|neo-bert|jina-bert-v2|jina-bert-v3|eurobert|gemma-embedding|wavtokenizer-dec|dream|llada|llada-moe|rnd1|t5encoder|clip)$/;
/** These keep more than keys and values (an index beside them, or states of their own); their rules are not repeated here. */
const UNKNOWN = /^(deepseek32|deepseek4|glm-dsa|dots3note|minimax-01|minimax-m3|hy_v4|kimi-k3|bailingmoe3|qwen4exp|t5|gemma4-assistant)$/;
/** node-llama-cpp switches flash attention off for them. */
const NO_FLASH_ATTENTION = /^(gemma2|grok)$/;

/** @returns undefined where the architecture's rules are not known here, or the header does not name its shape */
export function readCache(header: Hyperparameters): CacheInfo | undefined {
  const blocks = header.number('block_count') ?? 0;
  if (UNKNOWN.test(header.architecture) || blocks < 1 || blocks > LAYERS_MAX) return undefined;
  if (NO_CACHE.test(header.architecture)) return { attention: 'none', groups: [] };
  // Layers that predict further tokens are loaded, and not run.
  const layers = Math.max(0, blocks - (header.number('nextn_predict_layers') ?? 0));
  const recurrent = recurrentLayers(header, layers);
  const attending = attentionLayers(header, layers, recurrent.attends);
  if (attending === undefined) return undefined;
  const stateValues = recurrent.recurs.filter(Boolean).length * stateLength(header);
  const groups = groupsOf(attending);
  return {
    attention: kindOf(header, groups.length > 0),
    groups,
    ...(stateValues > 0 && { stateValues }),
    ...(isWindowNamed(header) && { windowIsNamed: true }),
  };
}

function attentionLayers(header: Hyperparameters, layers: number, attends: readonly boolean[]): readonly Layer[] | undefined {
  const heads = header.number('attention.head_count') ?? 0;
  const embedding = header.number('embedding_length') ?? 0;
  if (!attends.includes(true)) return [];
  if (heads === 0 || embedding === 0) return undefined;
  const headLength = Math.floor(embedding / heads);
  const keyLength = header.number('attention.key_length') ?? headLength;
  const valueLength = header.number('attention.value_length') ?? headLength;
  const windows = windowsOf(header, layers);
  const keyValueHeads = headsOf(header, layers);
  const all = Array.from({ length: layers }, (_, layer): Layer => {
    const windowTokens = windows?.isWindowed(layer) === true ? windows.tokens : undefined;
    const of = keyValueHeads[layer] ?? 0;
    return {
      keyLength: of * ((windowTokens === undefined ? undefined : header.number('attention.key_length_swa')) ?? keyLength),
      valueLength: isLatent(header) ? 0 : of * ((windowTokens === undefined ? undefined : header.number('attention.value_length_swa')) ?? valueLength),
      windowTokens,
    };
  });
  const padded = NO_FLASH_ATTENTION.test(header.architecture) || keyLength !== valueLength ? padValues(all) : all;
  return padded.filter((_, layer) => attends[layer] === true && layer < cachedLayers(header, layers));
}

/** Without flash attention the values lie transposed, and all layers get the widest layer's room ("padding V cache"). */
function padValues(layers: readonly Layer[]): readonly Layer[] {
  const valueLength = Math.max(...layers.map((layer) => layer.valueLength));
  return layers.map((layer) => ({ ...layer, valueLength }));
}

function headsOf(header: Hyperparameters, layers: number): readonly number[] {
  const own = header.list('attention.head_count_kv') ?? header.number('attention.head_count_kv');
  const heads = own ?? header.list('attention.head_count') ?? header.number('attention.head_count') ?? 0;
  return typeof heads === 'number' ? Array.from({ length: layers }, () => heads) : heads;
}

/** Gemma 3n and 4: later layers read the cache of earlier ones. */
function cachedLayers({ architecture, number }: Hyperparameters, layers: number): number {
  if (architecture === 'gemma3n') return 20;
  return architecture === 'gemma4' ? layers - (number('attention.shared_kv_layers') ?? 0) : layers;
}

/** Multi-head latent attention: one compressed key for all heads, which the value is a part of. Older conversions lack these keys and are kept as plain heads. */
function isLatent({ number }: Hyperparameters): boolean {
  return (number('attention.key_length_mla') ?? 0) > 0 && (number('attention.value_length_mla') ?? 0) > 0;
}

function kindOf(header: Hyperparameters, attends: boolean): CacheInfo['attention'] {
  if (!attends) return 'none';
  if (isLatent(header)) return 'MLA';
  const heads = header.number('attention.head_count') ?? 0;
  const keyValueHeads = Math.max(...headsOf(header, LAYERS_MAX));
  if (keyValueHeads === heads) return 'MHA';
  return keyValueHeads === 1 ? 'MQA' : 'GQA';
}

function groupsOf(layers: readonly Layer[]): CacheInfo['groups'] {
  const groups = Map.groupBy(layers, ({ keyLength, valueLength, windowTokens }) => `${keyLength} ${valueLength} ${windowTokens}`);
  // Those that see everything come first, as in llama.cpp.
  const inOrder = [...groups.values()].toSorted((a, b) => Number(a[0]?.windowTokens !== undefined) - Number(b[0]?.windowTokens !== undefined));
  return inOrder.flatMap((equal) => {
    const [first] = equal;
    if (!first || first.keyLength + first.valueLength === 0) return [];
    const { keyLength, valueLength, windowTokens } = first;
    return [{ layers: equal.length, keyLength, valueLength, ...(windowTokens !== undefined && { windowTokens }) }];
  });
}

/** node-llama-cpp then lets a step have one token more. */
function isWindowNamed({ number }: Hyperparameters): boolean {
  const window = number('attention.sliding_window') ?? 0;
  return window > 0 && window < (number('context_length') ?? Number.POSITIVE_INFINITY);
}
