/** How node-llama-cpp ends its schema grammars, for a chat loop of its own; ours ends with the value, by the model's end token. */
const TAIL = ' "\\n\\n\\n\\n" [\\n]*';
/** Fifteen digits are exact in every reader of JSON, and no exponent makes a fraction of them. */
const INTEGER = '"-"? ("0" | [1-9] [0-9]{0,14})';
const NUMBER = '"-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?';

/**
 * A schema's grammar by node-llama-cpp, without what it lets through: integers with an exponent (1e-3 is none), numbers that are read as infinite. `isCompact`: no line
 * breaks and indents, each of which is a token that somebody pays for. @throws Error when it is not of the known form
 */
export function tighten(grammar: string, isCompact: boolean): string {
  if (!grammar.includes(TAIL)) throw new Error('the grammar has not the expected end');
  const exact = grammar
    .replace(TAIL, '')
    .replace(/^(integer-number-rule ::= ).*$/mu, (_rule, head: string) => head + INTEGER)
    .replace(/^(fractional-number-rule ::= ).*$/mu, (_rule, head: string) => head + NUMBER);
  if (!isCompact) return exact;
  return exact.replaceAll(/^(whitespace-b-[\w-]+ ::= ).*$/gmu, '$1[ ]?').replaceAll(/^(comma-whitespace-b-[\w-]+ ::= ).*$/gmu, '$1"," [ ]?');
}
