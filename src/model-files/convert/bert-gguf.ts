import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { invalid } from '../../contract/errors.ts';
import { JSON_DEPTH_MAX, jsonDepthExceeds } from '../../contract/json-depth.ts';
import { withFile } from '../byte-source.ts';
import { readSafetensorsIndex, type SafetensorsTensor } from '../safetensors.ts';
import { bertVocabulary } from './bert-vocabulary.ts';
import { writeGguf, type GgufTensor, type GgufValue } from './gguf-writer.ts';
import { toFloats, toHalf } from './half.ts';

const JSON_BYTES_MAX = 64 << 20;
/** llama.cpp's LLAMA_FTYPE_MOSTLY_F16 and LLAMA_POOLING_TYPE_MEAN. */
const FILE_TYPE_F16 = 1;
const POOLING_MEAN = 1;

export interface BertConversion {
  readonly safetensorsPath: string;
  readonly tokenizerPath: string;
  readonly configPath: string;
  readonly outPath: string;
  /** general.name in the result. */
  readonly name: string;
}

/**
 * Converts a BERT encoder (sentence-transformers, mean pooling) to GGUF in half precision, as llama.cpp's convert_hf_to_gguf.py does
 * for BertModel. Deterministic: the same files give the same bytes.
 * @throws Fault when the files are no such model
 */
export async function convertBertToGguf({ safetensorsPath, tokenizerPath, configPath, outPath, name }: BertConversion): Promise<void> {
  const config = readConfig(await readJson(configPath));
  const tokenizer = await readJson(tokenizerPath);
  const index = withFile(safetensorsPath, readSafetensorsIndex);
  const file = await open(safetensorsPath, 'r');
  try {
    const tensors = planTensors(index, config.layers).map((plan) => tensorOf(plan, file));
    const rows = tensors.find((tensor) => tensor.name === 'token_embd.weight')?.shape[0] ?? 0;
    await writeGguf(outPath, { keys: [...configKeys(config, name), ...bertVocabulary(tokenizer, rows)], tensors });
  } finally {
    await file.close();
  }
}

interface BertConfig {
  readonly layers: number;
  readonly context: number;
  readonly width: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly tokenTypes: number;
  readonly epsilon: number;
}

function readConfig(json: unknown): BertConfig {
  const config = (typeof json === 'object' && json !== null ? json : {}) as Readonly<Record<string, unknown>>;
  if (config['model_type'] !== 'bert') throw invalid(`The model type is ${JSON.stringify(config['model_type'])}; bert is accepted.`);
  if ((config['hidden_act'] ?? 'gelu') !== 'gelu') throw invalid(`The activation is ${JSON.stringify(config['hidden_act'])}; gelu is accepted.`);
  if ((config['position_embedding_type'] ?? 'absolute') !== 'absolute') throw invalid('Only absolute position embeddings are accepted.');
  const count = (key: string) => {
    const value = config[key];
    if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > 1 << 24) throw invalid(`config.json has no valid ${key}.`);
    return value as number;
  };
  const epsilon = config['layer_norm_eps'];
  if (typeof epsilon !== 'number' || !(epsilon > 0)) throw invalid('config.json has no valid layer_norm_eps.');
  return {
    layers: count('num_hidden_layers'),
    context: count('max_position_embeddings'),
    width: count('hidden_size'),
    feedForward: count('intermediate_size'),
    heads: count('num_attention_heads'),
    tokenTypes: count('type_vocab_size'),
    epsilon,
  };
}

function configKeys(config: BertConfig, name: string): readonly (readonly [string, GgufValue])[] {
  const u32 = (value: number): GgufValue => ({ type: 'u32', value });
  return [
    ['general.architecture', { type: 'string', value: 'bert' }],
    ['general.type', { type: 'string', value: 'model' }],
    ['general.name', { type: 'string', value: name }],
    ['bert.block_count', u32(config.layers)],
    ['bert.context_length', u32(config.context)],
    ['bert.embedding_length', u32(config.width)],
    ['bert.feed_forward_length', u32(config.feedForward)],
    ['bert.attention.head_count', u32(config.heads)],
    ['bert.attention.layer_norm_epsilon', { type: 'f32', value: config.epsilon }],
    ['general.file_type', u32(FILE_TYPE_F16)],
    ['bert.attention.causal', { type: 'bool', value: false }],
    ['bert.pooling_type', u32(POOLING_MEAN)],
    ['general.quantization_version', u32(2)],
    ['tokenizer.ggml.token_type_count', u32(config.tokenTypes)],
  ];
}

interface TensorPlan {
  readonly name: string;
  readonly type: 'F32' | 'F16';
  readonly source: SafetensorsTensor;
}

const EMBEDDINGS: readonly (readonly [ours: string, theirs: string])[] = [
  ['token_embd', 'embeddings.word_embeddings'],
  ['position_embd', 'embeddings.position_embeddings'],
  ['token_types', 'embeddings.token_type_embeddings'],
  ['token_embd_norm', 'embeddings.LayerNorm'],
];
const LAYER: readonly (readonly [ours: string, theirs: string])[] = [
  ['attn_q', 'attention.self.query'],
  ['attn_k', 'attention.self.key'],
  ['attn_v', 'attention.self.value'],
  ['attn_output', 'attention.output.dense'],
  ['attn_output_norm', 'attention.output.LayerNorm'],
  ['ffn_up', 'intermediate.dense'],
  ['ffn_down', 'output.dense'],
  ['layer_output_norm', 'output.LayerNorm'],
];
/** What the encoder doesn't need: heads for training, and positions that are just 0, 1, 2 … */
const UNUSED = /^(embeddings\.position_ids|pooler\.|cls\.)/;

function planTensors(index: ReadonlyMap<string, SafetensorsTensor>, layers: number): readonly TensorPlan[] {
  const rest = new Map([...index].map(([name, tensor]) => [name.replace(/^bert\./, ''), tensor]));
  const names = [...EMBEDDINGS];
  for (let n = 0; n < layers; n += 1) for (const [ours, theirs] of LAYER) names.push([`blk.${n}.${ours}`, `encoder.layer.${n}.${theirs}`]);
  const plans: TensorPlan[] = [];
  for (const [ours, theirs] of names) {
    for (const part of ['weight', 'bias']) {
      if (part === 'bias' && /_embd$|_types$/.test(ours)) continue;
      const source = rest.get(`${theirs}.${part}`);
      if (!source) throw invalid(`The weights have no tensor ${theirs}.${part}.`);
      rest.delete(`${theirs}.${part}`);
      plans.push({ name: `${ours}.${part}`, type: isFull(ours, source) ? 'F32' : 'F16', source });
    }
  }
  const unknown = [...rest.keys()].find((name) => !UNUSED.test(name));
  if (unknown) throw invalid(`The weights have the tensor ${JSON.stringify(unknown.slice(0, 100))}, which a BERT encoder doesn't have.`);
  return plans;
}

/** llama.cpp keeps vectors, norms, positions and token types in full precision. */
function isFull(name: string, source: SafetensorsTensor): boolean {
  return source.shape.length < 2 || name === 'position_embd' || name === 'token_types';
}

function tensorOf({ name, type, source }: TensorPlan, file: FileHandle): GgufTensor {
  return {
    name,
    type,
    shape: source.shape,
    async data() {
      const bytes = Buffer.allocUnsafe(source.end - source.start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, source.start);
      const floats = bytesRead === bytes.length ? toFloats(source.dtype, bytes) : undefined;
      if (!floats) throw invalid(`The tensor for ${name} is ${source.dtype}; F32, F16 and BF16 are accepted.`);
      return type === 'F16' ? toHalf(floats) : new Uint8Array(floats.buffer);
    },
  };
}

async function readJson(path: string): Promise<unknown> {
  if ((await stat(path)).size > JSON_BYTES_MAX) throw invalid(`A JSON file is larger than ${JSON_BYTES_MAX >> 20} MiB.`);
  const bytes = await readFile(path);
  if (jsonDepthExceeds(bytes)) throw invalid(`A JSON file nests deeper than ${JSON_DEPTH_MAX} levels.`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid('A JSON file of the model is not valid JSON.');
  }
}
