import { expect, test } from 'vitest';
import { tighten } from './tighten.ts';

/** As node-llama-cpp 3.22 writes it. */
const GRAMMAR = String.raw`root ::= "{" whitespace-b-1-4-rule "\"n\"" ":" [ ]? integer-number-rule comma-whitespace-b-1-4-rule "\"x\"" ":" [ ]? fractional-number-rule whitespace-b-0-4-rule "}" "\n\n\n\n" [\n]*
integer-number-rule ::= "-"? ("0" | [1-9] [0-9]{0,15}) ([eE] [-+]? ("0" | [1-9] [0-9]{0,15}))?
comma-whitespace-b-1-4-rule ::= "," ([\n] ("    " | "\t") | [ ]?)
fractional-number-rule ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? ("0" | [1-9] [0-9]{0,15}))?
whitespace-b-1-4-rule ::= [\n] ("    " | "\t") | [ ]?
whitespace-b-0-4-rule ::= [\n] | [ ]?`;

test('C29: an integer has no exponent, a number is never too large to be read, and the value ends the answer', () => {
  const lines = tighten(GRAMMAR, false).split('\n');
  expect(lines[0]).toMatch(/"\}"$/u);
  expect(lines[1]).toBe('integer-number-rule ::= "-"? ("0" | [1-9] [0-9]{0,14})');
  expect(lines[3]).toMatch(/\(\[eE\] \[-\+\]\? \[0-9\]\{1,2\}\)\?$/u);
  expect(lines[4]).toBe(String.raw`whitespace-b-1-4-rule ::= [\n] ("    " | "\t") | [ ]?`);
});

test('compact: no line breaks are left', () => {
  expect(tighten(GRAMMAR, true)).not.toContain(String.raw`\n`);
  expect(tighten(GRAMMAR, true)).toContain('comma-whitespace-b-1-4-rule ::= "," [ ]?');
});

test('a grammar of another form is not used', () => {
  expect(() => tighten('root ::= "a"', true)).toThrow('expected end');
});
