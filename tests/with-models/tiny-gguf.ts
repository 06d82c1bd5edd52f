import { type GgufTensor, type GgufValue, writeGguf } from '../../src/model-files/convert/gguf-writer.ts';
import { seeded } from '../seeded.ts';

/** Models of a few thousand random weights that llama.cpp loads: one for each kind of attention, with dimensions of their own. */
export interface TinyModel {
  readonly architecture: string;
  /** Keys without the architecture before them. */
  readonly keys: Readonly<Record<string, number | boolean>>;
  readonly tensors: readonly (readonly [name: string, ...shape: number[]])[];
}

const VOCABULARY = 64;
const EMBEDDING = 64;
const WIDTH = 96;

interface Heads {
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headLength: number;
  readonly contextTokens?: number;
}

const baseKeys = ({ layers, heads, keyValueHeads, headLength, contextTokens = 4_096 }: Heads) => ({
  context_length: contextTokens,
  embedding_length: EMBEDDING,
  block_count: layers,
  feed_forward_length: WIDTH,
  'attention.head_count': heads,
  'attention.head_count_kv': keyValueHeads,
  'attention.key_length': headLength,
  'attention.value_length': headLength,
  'rope.dimension_count': headLength,
  'attention.layer_norm_rms_epsilon': 1e-5,
  'attention.layer_norm_epsilon': 1e-5,
});

type Tensors = TinyModel['tensors'];
const outside: Tensors = [
  ['token_embd.weight', VOCABULARY, EMBEDDING],
  ['output_norm.weight', EMBEDDING],
];
const feedForward: Tensors = [
  ['ffn_norm.weight', EMBEDDING],
  ['ffn_gate.weight', WIDTH, EMBEDDING],
  ['ffn_up.weight', WIDTH, EMBEDDING],
  ['ffn_down.weight', EMBEDDING, WIDTH],
];
const attention = ({ heads, keyValueHeads, headLength }: Heads): Tensors => [
  ['attn_norm.weight', EMBEDDING],
  ['attn_q.weight', heads * headLength, EMBEDDING],
  ['attn_k.weight', keyValueHeads * headLength, EMBEDDING],
  ['attn_v.weight', keyValueHeads * headLength, EMBEDDING],
  ['attn_output.weight', EMBEDDING, heads * headLength],
];
const blocks = (layers: number, each: Tensors): Tensors =>
  Array.from({ length: layers }, (_, layer) => each.map(([name, ...shape]) => [`blk.${layer}.${name}`, ...shape] as const)).flat();

export function tinyLlama(heads: Heads): TinyModel {
  return { architecture: 'llama', keys: baseKeys(heads), tensors: [...outside, ...blocks(heads.layers, [...attention(heads), ...feedForward])] };
}

export function tinyGemma(architecture: 'gemma2' | 'gemma3', windowTokens: number, heads: Heads): TinyModel {
  const norms: Tensors = [
    ['post_attention_norm.weight', EMBEDDING],
    ['post_ffw_norm.weight', EMBEDDING],
  ];
  const headNorms: Tensors = [
    ['attn_q_norm.weight', heads.headLength],
    ['attn_k_norm.weight', heads.headLength],
  ];
  return {
    architecture,
    keys: { ...baseKeys(heads), 'attention.sliding_window': windowTokens },
    tensors: [...outside, ...blocks(heads.layers, [...attention(heads), ...norms, ...(architecture === 'gemma3' ? headNorms : []), ...feedForward])],
  };
}

/** Multi-head latent attention as DeepSeek's converter writes it since April 2025. */
export function tinyDeepseek({ layers, heads, rank, rope, plain, value }: Readonly<Record<'layers' | 'heads' | 'rank' | 'rope' | 'plain' | 'value', number>>): TinyModel {
  const keys = {
    ...baseKeys({ layers, heads, keyValueHeads: 1, headLength: rank + rope }),
    'attention.value_length': rank,
    'attention.key_length_mla': plain + rope,
    'attention.value_length_mla': value,
    'attention.kv_lora_rank': rank,
    'attention.q_lora_rank': 24,
    'rope.dimension_count': rope,
    leading_dense_block_count: layers,
    expert_count: 2,
    expert_used_count: 1,
    expert_shared_count: 1,
    expert_feed_forward_length: 32,
  };
  const each: Tensors = [
    ['attn_norm.weight', EMBEDDING],
    ['attn_q_a_norm.weight', 24],
    ['attn_kv_a_norm.weight', rank],
    ['attn_q_a.weight', 24, EMBEDDING],
    ['attn_q_b.weight', heads * (plain + rope), 24],
    ['attn_kv_a_mqa.weight', rank + rope, EMBEDDING],
    ['attn_k_b.weight', heads, rank, plain],
    ['attn_v_b.weight', heads, value, rank],
    ['attn_output.weight', EMBEDDING, heads * value],
    ...feedForward,
  ];
  return { architecture: 'deepseek2', keys, tensors: [...outside, ...blocks(layers, each)] };
}

export function tinyMamba(layers: number, state: number, kernel: number): TinyModel {
  const inner = 2 * EMBEDDING;
  const rank = 4;
  const keys = {
    context_length: 4_096,
    embedding_length: EMBEDDING,
    block_count: layers,
    feed_forward_length: 0,
    'attention.head_count': 0,
    'attention.layer_norm_rms_epsilon': 1e-5,
    'ssm.conv_kernel': kernel,
    'ssm.inner_size': inner,
    'ssm.state_size': state,
    'ssm.time_step_rank': rank,
  };
  const each: Tensors = [
    ['attn_norm.weight', EMBEDDING],
    ['ssm_in.weight', 2 * inner, EMBEDDING],
    ['ssm_conv1d.weight', inner, kernel],
    ['ssm_conv1d.bias', inner],
    ['ssm_x.weight', rank + 2 * state, inner],
    ['ssm_dt.weight', inner, rank],
    ['ssm_dt.bias', inner],
    ['ssm_a', inner, state],
    ['ssm_d', inner],
    ['ssm_out.weight', EMBEDDING, inner],
  ];
  return { architecture: 'mamba', keys, tensors: [...outside, ...blocks(layers, each)] };
}

const FLOATS = /(epsilon)$/;

export async function writeTiny(path: string, { architecture, keys, tensors }: TinyModel): Promise<void> {
  const random = seeded(1);
  const tokens = Array.from({ length: VOCABULARY }, (_, index) => (index < 3 ? ['<unk>', '<s>', '</s>'][index]! : String.fromCodePoint(0x40 + index)));
  const valueOf = (key: string, value: number | boolean): GgufValue => (typeof value === 'boolean' ? { type: 'bool', value } : { type: FLOATS.test(key) ? 'f32' : 'u32', value });
  await writeGguf(path, {
    keys: [
      ['general.architecture', { type: 'string', value: architecture }],
      ...Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, valueOf(key, value)] as const),
      ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
      ['tokenizer.ggml.pre', { type: 'string', value: 'gpt-2' }],
      ['tokenizer.ggml.tokens', { type: 'strings', value: tokens }],
      ['tokenizer.ggml.token_type', { type: 'i32s', value: tokens.map((_, index) => (index < 3 ? 3 : 1)) }],
      ['tokenizer.ggml.merges', { type: 'strings', value: [`${tokens[4]} ${tokens[5]}`] }],
      ['tokenizer.ggml.bos_token_id', { type: 'u32', value: 1 }],
      ['tokenizer.ggml.eos_token_id', { type: 'u32', value: 2 }],
    ],
    tensors: tensors.map(([name, ...shape]): GgufTensor => ({
      name,
      shape,
      type: 'F32',
      data: () => {
        const values = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => (random() - 0.5) / 10);
        return Promise.resolve(new Uint8Array(values.buffer));
      },
    })),
  });
}
