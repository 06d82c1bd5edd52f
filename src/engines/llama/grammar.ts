import type { Llama, LlamaGrammar } from 'node-llama-cpp';
import { Fault } from '../../contract/errors.ts';
import type { GenerateRequest } from '../engine.ts';
import { toGrammarSchema } from './json-schema.ts';

/** Compiled grammars kept, least recently used first out (X24). */
const GRAMMARS_MAX = 64;
const GRAMMAR_CHARACTERS_MAX = 256 * 1024;
/** How node-llama-cpp ends its schema grammars, for a chat loop of its own; ours ends with the value, by the model's end token. */
const TAIL = ' "\\n\\n\\n\\n" [\\n]*';

/** Any JSON object, with little white space, as small models lose themselves in it. After llama.cpp's `grammars/json.gbnf`. */
const JSON_OBJECT = String.raw`root ::= object
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws ( string ":" ws value ws ("," ws string ":" ws value ws)* )? "}"
array ::= "[" ws ( value ws ("," ws value ws)* )? "]"
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}) )* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
ws ::= "" | " " | "\n" [ ]{0,12}
`;

export interface Grammars {
  /** The grammar that an answer of this format must follow; undefined for text. */
  for(format: GenerateRequest['format']): Promise<LlamaGrammar | undefined>;
}

export function createGrammars(llama: Llama): Grammars {
  const cache = new Map<string, LlamaGrammar>();
  return {
    async for(format) {
      if (format.type === 'text') return undefined;
      const key = format.type === 'json' ? '' : JSON.stringify(format.schema);
      const grammar = cache.get(key) ?? (format.type === 'json' ? await llama.createGrammar({ grammar: JSON_OBJECT }) : await compile(llama, format.schema));
      cache.delete(key);
      cache.set(key, grammar);
      if (cache.size > GRAMMARS_MAX) cache.delete(cache.keys().next().value ?? '');
      return grammar;
    },
  };
}

async function compile(llama: Llama, schema: unknown): Promise<LlamaGrammar> {
  const converted = toGrammarSchema(schema);
  try {
    const { grammar } = await llama.createGrammarForJsonSchema(converted as { type: 'object' });
    if (grammar.length > GRAMMAR_CHARACTERS_MAX) throw new Error(`the grammar has ${grammar.length} characters, ${GRAMMAR_CHARACTERS_MAX} are accepted`);
    if (!grammar.includes(TAIL)) throw new Error('the grammar has not the expected end');
    return await llama.createGrammar({ grammar: grammar.replace(TAIL, '') });
  } catch (error) {
    throw new Fault('invalid_argument', 'unsupported_json_schema', "The JSON schema can't be turned into a grammar.", {
      param: 'response_format.json_schema.schema',
      cause: error,
    });
  }
}
