import { memorySource, type ByteSource } from '../byte-source.ts';
import { GGML_TYPES } from '../ggml-types.ts';
import { buildGguf, gguf } from './build.ts';

/** Headers of known models: their published shapes as llama.cpp's converters name them, without a byte of weights. */

const TYPE_NUMBERS = { F32: 0, F16: 1, Q8_0: 8 } as const;
const ALIGNMENT_BYTES = 32;

type Shape = readonly number[];
type Tensors = readonly (readonly [name: string, ...shape: Shape])[];

export interface KnownModel {
  readonly architecture: string;
  readonly keys: Readonly<Record<string, number>>;
  readonly vocabulary: number;
  /** Shapes in GGUF's order, fastest dimension first. */
  readonly outside: Tensors;
  layer(index: number): Tensors;
}

/** A source as long as the whole file, of which only the header can be read. */
export function headerOf(model: KnownModel, type: 'F16' | 'Q8_0'): ByteSource {
  const { architecture, keys, outside } = model;
  const layers = keys['block_count'] ?? 0;
  const named = Array.from({ length: layers }, (_, index) => model.layer(index).map(([name, ...shape]) => [`blk.${index}.${name}`, ...shape] as const)).flat();
  let offset = 0;
  const tensors = [...outside, ...named].map(([name, ...shape]) => {
    // As llama-quantize has it: what has one dimension, and what routes to experts, stays as it is.
    const number = shape.length === 1 || name.includes('ffn_gate_inp') ? TYPE_NUMBERS.F32 : TYPE_NUMBERS[type];
    const head = gguf.tensor(name, shape, number, offset);
    offset += Math.ceil(bytesOf(shape, number) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return head;
  });
  const header = memorySource(
    buildGguf({
      keys: [
        gguf.string('general.architecture', architecture),
        gguf.u32(`${architecture}.vocab_size`, model.vocabulary),
        ...Object.entries(keys).map(([key, value]) => gguf.u32(`${architecture}.${key}`, value)),
      ],
      tensors,
      dataBytes: 0,
    }),
  );
  return { ...header, size: header.size + offset };
}

function bytesOf(shape: Shape, number: number): number {
  const { blockElements, blockBytes } = GGML_TYPES.get(number)!;
  return (shape.reduce((product, size) => product * size, 1) / blockElements) * blockBytes;
}

interface Decoder {
  readonly context: number;
  readonly embedding: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headLength: number;
  readonly width: number;
  readonly vocabulary: number;
}

const keysOf = ({ context, embedding, layers, heads, keyValueHeads, width, headLength }: Decoder) => ({
  context_length: context,
  embedding_length: embedding,
  block_count: layers,
  feed_forward_length: width,
  'attention.head_count': heads,
  'attention.head_count_kv': keyValueHeads,
  'attention.key_length': headLength,
  'attention.value_length': headLength,
});
const attentionOf = ({ embedding, heads, keyValueHeads, headLength }: Decoder): Tensors => [
  ['attn_norm.weight', embedding],
  ['attn_q.weight', embedding, heads * headLength],
  ['attn_k.weight', embedding, keyValueHeads * headLength],
  ['attn_v.weight', embedding, keyValueHeads * headLength],
  ['attn_output.weight', heads * headLength, embedding],
  ['ffn_norm.weight', embedding],
];
const gatedOf = (embedding: number, width: number, suffix = '', ...experts: Shape): Tensors => [
  [`ffn_gate${suffix}.weight`, embedding, width, ...experts],
  [`ffn_up${suffix}.weight`, embedding, width, ...experts],
  [`ffn_down${suffix}.weight`, width, embedding, ...experts],
];
const outsideOf = ({ embedding, vocabulary }: Decoder, output: boolean): Tensors => [
  ['token_embd.weight', embedding, vocabulary],
  ['output_norm.weight', embedding],
  ...(output ? ([['output.weight', embedding, vocabulary]] as const) : []),
];

function llama(shape: Decoder, experts = 0): KnownModel {
  const { embedding, width, vocabulary } = shape;
  const routed: Tensors = [['ffn_gate_inp.weight', embedding, experts], ...gatedOf(embedding, width, '_exps', experts)];
  return {
    architecture: 'llama',
    keys: keysOf(shape),
    vocabulary,
    outside: outsideOf(shape, true),
    layer: () => [...attentionOf(shape), ...(experts > 0 ? routed : gatedOf(embedding, width))],
  };
}

function gemma(architecture: 'gemma2' | 'gemma3', windowTokens: number, shape: Decoder): KnownModel {
  const { embedding, width, vocabulary, headLength } = shape;
  const norms: Tensors = [
    ['post_attention_norm.weight', embedding],
    ['post_ffw_norm.weight', embedding],
  ];
  const headNorms: Tensors = [
    ['attn_q_norm.weight', headLength],
    ['attn_k_norm.weight', headLength],
  ];
  return {
    architecture,
    keys: { ...keysOf(shape), 'attention.sliding_window': windowTokens },
    vocabulary,
    outside: outsideOf(shape, false),
    layer: () => [...attentionOf(shape), ...norms, ...(architecture === 'gemma3' ? headNorms : []), ...gatedOf(embedding, width)],
  };
}

const falcon: Decoder = { context: 2_048, embedding: 4_544, layers: 32, heads: 71, keyValueHeads: 1, headLength: 64, width: 18_176, vocabulary: 65_024 };
const falconTensors: Tensors = [
  ['attn_norm.weight', falcon.embedding],
  ['attn_norm.bias', falcon.embedding],
  ['attn_qkv.weight', falcon.embedding, falcon.embedding + 2 * falcon.headLength],
  ['attn_output.weight', falcon.embedding, falcon.embedding],
  ['ffn_up.weight', falcon.embedding, falcon.width],
  ['ffn_down.weight', falcon.width, falcon.embedding],
];

const deepseek: Decoder = { context: 163_840, embedding: 2_048, layers: 27, heads: 16, keyValueHeads: 1, headLength: 576, width: 10_944, vocabulary: 102_400 };
const LATENT = { rank: 512, rope: 64, plain: 128, value: 128, experts: 64, expertWidth: 1_408, shared: 2 } as const;

function deepseekLayer(index: number): Tensors {
  const { embedding, heads, width } = deepseek;
  const { rank, rope, plain, value, experts, expertWidth, shared } = LATENT;
  const attention: Tensors = [
    ['attn_norm.weight', embedding],
    ['ffn_norm.weight', embedding],
    ['attn_kv_a_norm.weight', rank],
    ['attn_q.weight', embedding, heads * (plain + rope)],
    ['attn_kv_a_mqa.weight', embedding, rank + rope],
    ['attn_k_b.weight', plain, rank, heads],
    ['attn_v_b.weight', rank, value, heads],
    ['attn_output.weight', heads * value, embedding],
  ];
  if (index === 0) return [...attention, ...gatedOf(embedding, width)];
  return [...attention, ['ffn_gate_inp.weight', embedding, experts], ...gatedOf(embedding, expertWidth, '_exps', experts), ...gatedOf(embedding, expertWidth * shared, '_shexp')];
}

export const KNOWN_MODELS = {
  'Llama-2-7B': llama({ context: 4_096, embedding: 4_096, layers: 32, heads: 32, keyValueHeads: 32, headLength: 128, width: 11_008, vocabulary: 32_000 }),
  'Llama-3.1-8B': llama({ context: 131_072, embedding: 4_096, layers: 32, heads: 32, keyValueHeads: 8, headLength: 128, width: 14_336, vocabulary: 128_256 }),
  'Mixtral-8x7B': llama({ context: 32_768, embedding: 4_096, layers: 32, heads: 32, keyValueHeads: 8, headLength: 128, width: 14_336, vocabulary: 32_000 }, 8),
  'Gemma-2-9B': gemma('gemma2', 4_096, { context: 8_192, embedding: 3_584, layers: 42, heads: 16, keyValueHeads: 8, headLength: 256, width: 14_336, vocabulary: 256_000 }),
  'Gemma-3-4B': gemma('gemma3', 1_024, { context: 131_072, embedding: 2_560, layers: 34, heads: 8, keyValueHeads: 4, headLength: 256, width: 10_240, vocabulary: 262_144 }),
  'Falcon-7B': {
    architecture: 'falcon',
    keys: keysOf(falcon),
    vocabulary: falcon.vocabulary,
    outside: [...outsideOf(falcon, true), ['output_norm.bias', falcon.embedding]],
    layer: () => falconTensors,
  },
  'DeepSeek-V2-Lite': {
    architecture: 'deepseek2',
    keys: { ...keysOf(deepseek), 'attention.value_length': LATENT.rank, 'attention.kv_lora_rank': LATENT.rank, 'attention.key_length_mla': 192, 'attention.value_length_mla': 128 },
    vocabulary: deepseek.vocabulary,
    outside: outsideOf(deepseek, true),
    layer: deepseekLayer,
  },
} as const satisfies Record<string, KnownModel>;
