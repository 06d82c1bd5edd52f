import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FORMULAS, REQUIRED } from './formula-functions.ts';

/** docs/design/formulas.md is read as it is written: a section a formula, its examples computed again by the product's own functions. */
const TEXT = readFileSync(new URL('../../docs/design/formulas.md', import.meta.url), 'utf8');
const ROUNDED_DECIMALS = 4;
const ROOT = new URL('../../', import.meta.url);

interface Example {
  readonly line: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly value: string;
}

interface Section {
  readonly title: string;
  readonly body: string;
  readonly examples: readonly Example[];
}

const sections: readonly Section[] = TEXT.split(/^### /m)
  .slice(1)
  .map((part) => {
    const [title = '', ...rest] = part.split('\n');
    const body = rest.join('\n').split(/^## /m)[0] ?? '';
    const lines = [...body.matchAll(/```example\n([^`]*)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    return { title, body, examples: lines.map(parse) };
  });

/** `name(1, [2, 3]) = 4`: arguments and value are JSON. */
function parse(line: string): Example {
  const [, name = '', args = '', value = ''] = /^(\w+)\((.*)\) = (.+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`not an example: ${line}`);
  return { line, name, args: JSON.parse(`[${args}]`) as unknown[], value };
}

test('every formula has a symbol table with units, a source, its function in the code, and an example', () => {
  expect(sections.length).toBeGreaterThan(30);
  for (const { title, body, examples } of sections) {
    expect(body, title).toMatch(/\| symbol \| meaning \| unit \|\n\| --- \| --- \| --- \|\n\|/);
    expect(body, title).toMatch(/^Source: \S/m);
    expect(examples.length, title).toBeGreaterThan(0);
    const code = [...(/^Code: (.*)$/m.exec(body)?.[1] ?? '').matchAll(/`(src\/[^`]+)` \(([^)]+)\)/g)];
    expect(code.length, title).toBeGreaterThan(0);
    for (const [, path = '', names = ''] of code) {
      expect(existsSync(new URL(path, ROOT)), `${title}: ${path}`).toBe(true);
      const source = readFileSync(new URL(path, ROOT), 'utf8');
      for (const name of names.split(', ')) expect(source, `${title}: ${path}`).toMatch(new RegExp(`\\b${name.replaceAll('`', '')}\\b`));
    }
  }
});

test.each(sections.flatMap(({ title, examples }) => examples.map((example) => [title, example.line, example] as const)))('%s: %s', (_, line, { name, args, value }) => {
  const formula = FORMULAS[name];
  if (!formula) throw new Error(`no function is known as ${name}: ${line}`);
  expectSame(plain(formula(...args)), JSON.parse(value) as unknown);
});

test('every metric and every formula of cost has an example', () => {
  const shown = new Set(sections.flatMap(({ examples }) => examples.map(({ name }) => name)));
  expect(REQUIRED.filter((name) => !shown.has(name))).toEqual([]);
});

/** As JSON would have it: undefined is null. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null)) as unknown;
}

/** A number with four decimals or more is rounded to its last; with fewer it is exact. */
function expectSame(actual: unknown, wanted: unknown): void {
  if (typeof wanted === 'number') {
    const decimals = String(wanted).split('.')[1]?.length ?? 0;
    expect(typeof actual).toBe('number');
    expect(Math.abs((actual as number) - wanted), `${String(actual)} is not ${wanted}`).toBeLessThanOrEqual(decimals < ROUNDED_DECIMALS ? 1e-9 : 0.5000001 * 10 ** -decimals);
  } else if (Array.isArray(wanted)) {
    expect(actual).toHaveLength(wanted.length);
    for (const [index, one] of wanted.entries()) expectSame((actual as unknown[])[index], one);
  } else if (typeof wanted === 'object' && wanted !== null) {
    expect(Object.keys(actual as object).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const [key, one] of Object.entries(wanted)) expectSame((actual as Record<string, unknown>)[key], one);
  } else expect(actual).toBe(wanted);
}
