import fc from 'fast-check';

/** A part of a JSON schema, as the API's document has them. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Text that stands in a JSON text as it is: what `JSON.stringify` would never write. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const DEPTH_MAX = 6;
const TEXTS = [
  '',
  ' ',
  '\u0000',
  'echo\u0000',
  '..',
  '../../etc/passwd',
  'a/b%2fc',
  '%00',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '"; DROP TABLE keys; --',
  '\ud800',
  '🦊'.repeat(50),
  '\u202e\u200b',
  'x'.repeat(10_000),
  '${7*7}{{7*7}}',
  '\r\nx-injected: 1',
  '2026-13-45T99:99:99Z',
  'NaN',
  '-1',
  '1e999',
  'https://127.0.0.1:1/',
  'file:///etc/passwd',
  'hf:',
  'org/name:0',
  'name:999999999999999999999',
  'sha256:',
];
const RAWS = [
  '1e999',
  '-1e999',
  '9007199254740993',
  '-9223372036854775809',
  '0.1e-400',
  '-0',
  '1'.repeat(400),
  'NaN',
  'Infinity',
  '01',
  '+1',
  '.5',
  '1.',
  "'x'",
  '"\\ud800"',
  '"\\x41"',
  '"\t"',
  'undefined',
  '/**/1',
  '[1,]',
];
const NUMBERS = [0, -1, 1, 0.5, -0.5, 2, 65_536, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64, 1e21, 1e308, 5e-324, Number.MIN_SAFE_INTEGER];

const nastyText = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 40 }));
const nastyNumber = fc.oneof(fc.constantFrom(...NUMBERS), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const raw = fc.constantFrom(...RAWS).map((text) => new Raw(text));
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  nastyText,
  nastyNumber,
  fc.constantFrom(null, true, false, [], {}, [null], [[[]]], { a: { b: {} } }),
  raw,
  fc.array(nastyText, { maxLength: 5 }),
  fc.dictionary(nastyText, nastyNumber, { maxKeys: 4 }),
);

/** Values that a schema takes, `known` names among them. */
export function fitting(schema: Schema, known: readonly string[], depth = 0): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return depth > DEPTH_MAX ? fc.constant(null) : fc.oneof(...schema.anyOf.map((branch) => fitting(branch, known, depth + 1)));
  switch (schema.type) {
    case 'string':
      return texts(schema, known);
    case 'integer':
      return fc.integer({ min: Math.max(schema.minimum ?? -5, -1e6), max: Math.min(schema.maximum ?? 1_000, 1e6) });
    case 'number':
      return fc.double({ min: schema.minimum ?? -5, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return depth > DEPTH_MAX ? fc.constant([]) : fc.array(fitting(schema.items ?? {}, known, depth + 1), { minLength: Math.min(schema.minItems ?? 0, 3), maxLength: 3 });
    case 'object':
      return depth > DEPTH_MAX ? fc.constant({}) : objects(schema, known, depth);
    case 'null':
      return fc.constant(null);
    default:
      return fc.oneof(fc.constantFrom(null, true, 1, 'x'), fc.dictionary(fc.constantFrom('a', 'type', 'name'), fc.constantFrom('x', 1, null)));
  }
}

function texts({ pattern, minLength = 0, maxLength = 40 }: Schema, known: readonly string[]): fc.Arbitrary<string> {
  const free = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: fc.string({ minLength: Math.min(minLength, 40), maxLength: Math.min(maxLength, 60) }) },
  );
  return pattern === undefined ? free : fc.oneof(free, fc.stringMatching(new RegExp(pattern)));
}

function objects({ properties = {}, required = [] }: Schema, known: readonly string[], depth: number): fc.Arbitrary<unknown> {
  const entries = Object.entries(properties).map(([name, inner]) => [name, fitting(inner, known, depth + 1)] as const);
  return fc.record(Object.fromEntries(entries), { requiredKeys: [...required] as never[] });
}

/** One change at one place: `where` chooses the place. */
interface Change {
  readonly where: readonly number[];
  readonly how: 'replace' | 'remove' | 'add' | 'wrap' | 'repeat';
  readonly name: string;
  readonly value: unknown;
}

const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    where: fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
    how: fc.constantFrom('replace' as const, 'replace' as const, 'remove' as const, 'add' as const, 'wrap' as const, 'repeat' as const),
    name: nastyText,
    value: nasty,
  }),
  { minLength: 1, maxLength: 3 },
);

/** What nearly fits: a fitting value with one to three changes in it, as JSON text. */
export function malformed(schema: Schema, known: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fitting(schema, known), changes).map(([value, all]) => textOf(all.reduce<unknown>((changed, change) => applied(changed, change, 0), value)));
}

export const anyJson: fc.Arbitrary<string> = fc.oneof(nasty.map(textOf), fc.json({ maxDepth: 4 }));

function applied(value: unknown, change: Change, depth: number): unknown {
  const at = change.where[depth];
  const isLast = depth === change.where.length - 1;
  if (typeof value !== 'object' || value === null || value instanceof Raw || at === undefined) return changed(value, change);
  const entries: [string, unknown][] = Object.entries(value);
  if (isLast && change.how === 'add') return Array.isArray(value) ? [...(value as unknown[]), change.value] : { ...value, [change.name]: change.value };
  if (entries.length === 0) return changed(value, change);
  const place = at % entries.length;
  const next = entries.flatMap(([name, inner], i): [string, unknown][] => {
    if (i !== place) return [[name, inner]];
    if (isLast && change.how === 'remove') return [];
    return [[name, applied(inner, change, depth + 1)]];
  });
  return Array.isArray(value) ? next.map(([, inner]) => inner) : Object.fromEntries(next);
}

function changed(value: unknown, { how, value: other }: Change): unknown {
  if (how === 'wrap') return [value];
  if (how === 'repeat') return Array.from({ length: 50 }, () => value);
  return other;
}

function textOf(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([name, inner]) => `${JSON.stringify(name)}:${textOf(inner)}`)
    .join(',')}}`;
}
