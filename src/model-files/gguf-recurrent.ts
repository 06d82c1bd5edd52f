import type { Hyperparameters } from './gguf-hyperparameters.ts';

/** Recurrent layers as llama.cpp v0.5.0 finds them (`llm_arch_is_recurrent`, `is_recr`), and what each keeps of a sequence whatever its length. */
export interface RecurrentLayers {
  readonly recurs: readonly boolean[];
  readonly attends: readonly boolean[];
}

const ALL = /^(mamba|mamba2|rwkv6|rwkv6qwen2|rwkv7|arwkv7)$/;
/** A layer without key-value heads is recurrent. */
const BY_HEADS = /^(jamba|granitehybrid|plamo2|lfm2|lfm2moe|kimi-linear)$/;
/** One layer in so many attends. */
const BY_INTERVAL = /^(qwen3next|qwen35|qwen35moe)$/;
const INTERVAL_DEFAULT = 4;
/** A layer without key-value heads is a feed-forward one where it has that width, and recurrent where it has none. */
const BY_HEADS_AND_WIDTH = /^(nemotron_h|nemotron_h_moe)$/;
const TOKEN_SHIFTS_DEFAULT = 2;

export function recurrentLayers(header: Hyperparameters, layers: number): RecurrentLayers {
  const each = (test: (layer: number) => boolean) => Array.from({ length: layers }, (_, layer) => test(layer));
  const { architecture } = header;
  if (ALL.test(architecture)) return { recurs: each(() => true), attends: each(() => false) };
  if (architecture === 'falcon-h1') return { recurs: each(() => true), attends: each(() => true) };
  const heads = (layer: number) => at(header, 'attention.head_count_kv', layer);
  const width = (layer: number) => at(header, 'feed_forward_length', layer);
  if (BY_HEADS_AND_WIDTH.test(architecture)) {
    return { recurs: each((layer) => heads(layer) === 0 && width(layer) === 0), attends: each((layer) => heads(layer) > 0 && width(layer) === 0) };
  }
  const recurs = each((layer) => {
    if (BY_HEADS.test(architecture)) return heads(layer) === 0;
    return BY_INTERVAL.test(architecture) && isBetween(header, layer);
  });
  return { recurs, attends: recurs.map((one) => !one) };
}

function isBetween(header: Hyperparameters, layer: number): boolean {
  const listed = header.list('attention.recurrent_layers');
  return listed ? listed[layer] === 1 : (layer + 1) % (header.number('full_attention_interval') ?? INTERVAL_DEFAULT) !== 0;
}

function at({ list, number }: Hyperparameters, key: string, layer: number): number {
  return list(key)?.[layer] ?? number(key) ?? 0;
}

/** FP32 values that one recurrent layer keeps of one sequence: `n_embd_r` and `n_embd_s` of llama-hparams.cpp. */
export function stateLength({ number }: Hyperparameters): number {
  const of = (key: string) => number(key) ?? 0;
  const embedding = of('embedding_length');
  const headSize = of('wkv.head_size');
  if (headSize > 0) return embedding * ((number('token_shift_count') ?? TOKEN_SHIFTS_DEFAULT) + headSize);
  if (of('shortconv.l_cache') > 0) return embedding * (of('shortconv.l_cache') - 1);
  const kernel = of('ssm.conv_kernel');
  const deltaLength = of('kda.head_dim');
  if (deltaLength > 0) return of('attention.head_count') * deltaLength * (3 * (kernel > 0 ? kernel - 1 : 3) + deltaLength);
  const [inner, state] = [of('ssm.inner_size'), of('ssm.state_size')];
  return (kernel > 0 ? kernel - 1 : 0) * (inner + 2 * of('ssm.group_count') * state) + state * inner;
}
