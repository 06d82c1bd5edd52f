import { invalid } from '../../contract/errors.ts';
import type { GgufValue } from './gguf-writer.ts';

const NORMAL = 1;
const CONTROL = 3;
/** llama.cpp's mark for a word's beginning. */
const WORD_MARK = '\u2581';
const VOCABULARY_MAX = 1_000_000;

/** llama.cpp's key (its spelling) for each of BERT's special tokens. [CLS] is what llama.cpp puts at the beginning. */
const SPECIAL_KEYS: readonly (readonly [key: string, token: string])[] = [
  ['tokenizer.ggml.bos_token_id', '[CLS]'],
  ['tokenizer.ggml.cls_token_id', '[CLS]'],
  ['tokenizer.ggml.unknown_token_id', '[UNK]'],
  ['tokenizer.ggml.seperator_token_id', '[SEP]'],
  ['tokenizer.ggml.padding_token_id', '[PAD]'],
  ['tokenizer.ggml.mask_token_id', '[MASK]'],
];

/**
 * A WordPiece `tokenizer.json` as GGUF keys, as llama.cpp's convert_hf_to_gguf.py writes them for BertModel: a continuation `##x`
 * becomes `x`, any other word gets the word mark, special tokens stay as they are.
 * @param size the rows of the embedding table; every id below it must have a token
 */
export function bertVocabulary(tokenizer: unknown, size: number): readonly (readonly [string, GgufValue])[] {
  const { model, added_tokens: added } = record(tokenizer, 'tokenizer.json');
  const { type, vocab, continuing_subword_prefix: prefix = '##' } = record(model, "tokenizer.json's model");
  // Files before tokenizers 0.11 don't name the type.
  if (type !== undefined && type !== 'WordPiece') throw invalid(`The tokenizer is ${JSON.stringify(type)}; WordPiece is accepted.`);
  if (prefix !== '##') throw invalid('The tokenizer marks continuations with another prefix than ##.');
  const { tokens, ids } = byId(record(vocab, "tokenizer.json's vocabulary"), size);
  const special = specialTokens(added);
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'bert' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'default' }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: tokens.map((token) => (special.has(token) ? token : withMark(token))) }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: tokens.map((token) => (special.has(token) ? CONTROL : NORMAL)) }],
    ...SPECIAL_KEYS.map(([key, token]) => [key, { type: 'u32', value: idOf(ids, token) }] as const),
  ];
}

function withMark(token: string): string {
  return token.startsWith('##') ? token.slice(2) : WORD_MARK + token;
}

function byId(vocabulary: Readonly<Record<string, unknown>>, size: number): { readonly tokens: readonly string[]; readonly ids: ReadonlyMap<string, number> } {
  const ids = new Map(Object.entries(vocabulary).map(([token, id]) => [token, Number(id)]));
  if (size > VOCABULARY_MAX || ids.size !== size) throw invalid(`The tokenizer has ${ids.size} tokens; the embedding table has ${size} rows (at most ${VOCABULARY_MAX}).`);
  const byNumber = new Map([...ids].map(([token, id]) => [id, token]));
  const tokens = Array.from({ length: size }, (_, id) => {
    const token = byNumber.get(id);
    if (token === undefined) throw invalid(`The tokenizer has no token for the id ${id}.`);
    return token;
  });
  return { tokens, ids };
}

function specialTokens(added: unknown): ReadonlySet<string> {
  if (!Array.isArray(added)) return new Set();
  return new Set(added.filter((token: { special?: unknown }) => token.special === true).map((token: { content?: unknown }) => String(token.content)));
}

function idOf(ids: ReadonlyMap<string, number>, token: string): number {
  const id = ids.get(token);
  if (id === undefined) throw invalid(`The tokenizer has no ${token}.`);
  return id;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${what} is not a JSON object.`);
  return value as Readonly<Record<string, unknown>>;
}
