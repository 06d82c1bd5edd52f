import { createHash } from 'node:crypto';
import type { Llama, LlamaGrammar } from 'node-llama-cpp';
import { Fault } from '../../contract/errors.ts';
import type { GenerateRequest } from '../engine.ts';
import { PARALLEL_MAX, TOOL_CALL_CLOSE, TOOL_CALL_OPEN, type ToolUse } from '../tools.ts';
import { callSchema } from './call-schema.ts';
import { toGrammarSchema } from './json-schema.ts';
import { tighten } from './tighten.ts';

/** Compiled grammars kept, least recently used first out (X24). */
const GRAMMARS_MAX = 64;
const GRAMMAR_CHARACTERS_MAX = 256 * 1024;
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
  for(format: GenerateRequest['format'], tools?: ToolUse): Promise<LlamaGrammar | undefined>;
}

export function createGrammars(llama: Llama): Grammars {
  const cache = new Map<string, LlamaGrammar>();
  return {
    async for(format, tools) {
      if (format.type === 'text' && !tools) return undefined;
      const key = keyOf(format, tools);
      const grammar = cache.get(key) ?? (await compile(llama, format, tools));
      cache.delete(key);
      cache.set(key, grammar);
      if (cache.size > GRAMMARS_MAX) cache.delete(cache.keys().next().value ?? '');
      return grammar;
    },
  };
}

async function compile(llama: Llama, format: GenerateRequest['format'], tools: ToolUse | undefined): Promise<LlamaGrammar> {
  if (!tools) return llama.createGrammar({ grammar: await formatGrammar(llama, format) });
  const call = await schemaGrammar(llama, callSchema(tools), { param: 'tools', isCompact: true });
  const answer = format.type === 'text' ? undefined : await formatGrammar(llama, format);
  return llama.createGrammar({ grammar: toolGrammar(tools, call, answer) });
}

/** What an answer in JSON must follow. */
async function formatGrammar(llama: Llama, format: GenerateRequest['format']): Promise<string> {
  if (format.type !== 'json_schema') return JSON_OBJECT;
  return schemaGrammar(llama, toGrammarSchema(format.schema), { param: 'response_format.json_schema.schema', isCompact: false });
}

/**
 * Calls in marks, one or several; where the model may choose, those or an answer of the wanted format, or a text that does not begin like JSON, after which calls
 * may come.
 */
function toolGrammar({ mode, isParallel }: ToolUse, call: string, answer: string | undefined): string {
  const more = isParallel ? ` ([\\n]? "${TOOL_CALL_OPEN}" opened){0,${PARALLEL_MAX - 1}}` : '';
  const rules = [`calls ::= opened${more}`, `opened ::= [\\n]? call-root [\\n]? "${TOOL_CALL_CLOSE}"`, withNamesAfter('call', call)];
  if (mode === 'required') return [`root ::= "${TOOL_CALL_OPEN}" calls`, ...rules].join('\n');
  if (answer !== undefined) return [`root ::= "${TOOL_CALL_OPEN}" calls | answer-root`, ...rules, withNamesAfter('answer', answer)].join('\n');
  return [`root ::= [^<{\\x00] ${textState(0)} | "<" ${textState(1)}`, ...rules, ...textRules()].join('\n');
}

/** A literal, a set of characters, or the name of a rule. */
const GRAMMAR_TOKEN = /"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[A-Za-z][\w-]*/gu;

/** The grammar with its rules renamed, so that it can stand beside another. */
function withNamesAfter(prefix: string, grammar: string): string {
  return grammar.replaceAll(GRAMMAR_TOKEN, (token) => (/^["[]/u.test(token) ? token : `${prefix}-${token}`));
}

function textState(length: number): string {
  return length === TOOL_CALL_OPEN.length ? 'calls' : `text-${length}`;
}

/** Any text up to the mark that opens a call, after which only a call may follow: a rule for each length of the mark that the text ends with. */
function textRules(): string[] {
  return TOOL_CALL_OPEN.split('').map((next, length) => {
    const again = length === 0 ? '' : ` | "<" ${textState(1)}`;
    const others = length === 0 ? '<' : `<${next}`;
    return `${textState(length)} ::= "" | "${next}" ${textState(length + 1)}${again} | [^${others}\\x00] ${textState(0)}`;
  });
}

/** Of a fixed length: what callers send must not be kept. */
function keyOf(format: GenerateRequest['format'], tools: ToolUse | undefined): string {
  const of = tools && { ...tools, functions: tools.functions.map(({ name, parameters, isStrict }) => ({ name, parameters, isStrict })) };
  return createHash('sha256')
    .update(JSON.stringify([format, of]))
    .digest('base64');
}

async function schemaGrammar(llama: Llama, converted: unknown, { param, isCompact }: { param: string; isCompact: boolean }): Promise<string> {
  try {
    const { grammar } = await llama.createGrammarForJsonSchema(converted as { type: 'object' });
    if (grammar.length > GRAMMAR_CHARACTERS_MAX) throw new Error(`the grammar has ${grammar.length} characters, ${GRAMMAR_CHARACTERS_MAX} are accepted`);
    return tighten(grammar, isCompact);
  } catch (error) {
    throw new Fault('invalid_argument', 'unsupported_json_schema', "The JSON schema can't be turned into a grammar.", { param, cause: error });
  }
}
