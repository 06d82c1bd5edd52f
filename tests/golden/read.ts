import { readFileSync } from 'node:fs';

/** |Δ| that golden vectors allow, of the value itself where that is over 1. */
export const GOLDEN_TOLERANCE = 1e-9;

/** The cases of tests/golden/NAME.jsonl, which make.py wrote. Its first line names the packages. */
export function readGolden<Case>(name: string): readonly Case[] {
  const [, ...lines] = readFileSync(new URL(`${name}.jsonl`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Case);
}

/** Where `actual` is not what the reference says, in words; undefined when it is. `null` in a fixture is `undefined` of ours. */
export function difference(what: string, actual: unknown, expected: unknown): string | undefined {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`;
    return expected.map((one, index) => difference(`${what}[${index}]`, actual[index], one)).find((fault) => fault !== undefined);
  }
  if (typeof expected === 'number' && typeof actual === 'number' && Math.abs(actual - expected) <= GOLDEN_TOLERANCE * Math.max(1, Math.abs(expected))) return undefined;
  return (actual ?? null) === expected ? undefined : `${what}: ${String(actual)} instead of ${String(expected)}`;
}

/** Every case's differences, as a list that a test expects to be empty. `check` gives pairs of ours and the reference's by name. */
export function differences<Case>(cases: readonly Case[], check: (one: Case) => Readonly<Record<string, readonly [actual: unknown, expected: unknown]>>): readonly string[] {
  return cases.flatMap((one, index) => Object.entries(check(one)).flatMap(([what, [actual, expected]]) => difference(`case ${index} ${what}`, actual, expected) ?? []));
}
