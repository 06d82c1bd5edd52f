import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { invalid } from './errors.ts';
import { parseJsonBody } from './oip-json.ts';

/** Values in an error message are cut to this. */
const SHOWN_CHARS_MAX = 60;
/** What is wrong is looked for in so many list entries: finding every fault of a hostile list takes seconds. */
const ENTRIES_EXPLAINED_MAX = 10_000;

/** Compiles a schema once; the returned function lets a fitting value through, typed, and refuses any other by name of the field. */
export function checker<Schema extends TSchema>(schema: Schema): (value: unknown) => Static<Schema> {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return value;
    const looked = withShortLists(value);
    if (validator.Check(looked)) throw invalid(`A list in the request is too long, or has an entry that is not accepted after its first ${ENTRIES_EXPLAINED_MAX}.`);
    throw describe(looked, validator.Errors(looked));
  };
}

/** A JSON body (depth-bounded) that fits the schema. */
export function parseBody<T>(body: Buffer, check: (value: unknown) => T): T {
  const value = parseJsonBody(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('The request body must be a JSON object.');
  return check(value);
}

/** The value with so few list entries in all that its faults are found at once. */
function withShortLists(value: unknown): unknown {
  let left = ENTRIES_EXPLAINED_MAX;
  const shorten = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    if (!Array.isArray(part)) return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, shorten(inner)]));
    const entries: unknown[] = [];
    for (const entry of part as readonly unknown[]) {
      // A list never becomes empty by this: that would be a fault of its own.
      if (left <= 0 && entries.length > 0) break;
      left--;
      entries.push(shorten(entry));
    }
    return entries;
  };
  return shorten(value);
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly message: string;
  readonly params: object;
}

function describe(value: unknown, all: readonly SchemaError[]): Error {
  const errors = withoutOtherBranches(all);
  const unknown = errors.find(({ keyword }) => keyword === 'additionalProperties');
  if (unknown) {
    const names = (unknown.params as { additionalProperties?: readonly string[] }).additionalProperties ?? [];
    const field = `${fieldName(unknown.instancePath)}${unknown.instancePath ? '.' : ''}${names[0] ?? '?'}`;
    return invalid(`Unknown parameter: "${field}". It is not accepted, so that nothing you ask for is silently ignored.`, field, 'unknown_parameter');
  }
  const missing = errors.find(({ keyword, instancePath }) => keyword === 'required' && instancePath === '');
  if (missing) return missingField(missing);
  // Of a union's many complaints the deepest one is about what was meant.
  const depth = ({ instancePath }: SchemaError) => instancePath.split('/').length;
  const deepest = errors.toSorted((a, b) => depth(b) - depth(a) || Number(a.keyword === 'anyOf') - Number(b.keyword === 'anyOf'))[0];
  if (!deepest) return invalid('The request does not fit its schema.');
  if (deepest.keyword === 'required') return missingField(deepest);
  const field = fieldName(deepest.instancePath);
  return invalid(`Invalid value for "${field || 'body'}": ${shown(valueAt(value, deepest.instancePath))} ${accepted(deepest)}.`, field);
}

/** What the schema wants there; of a list, all that is on it. */
function accepted({ keyword, message, params }: SchemaError): string {
  const { allowedValues } = params as { allowedValues?: readonly unknown[] };
  return keyword === 'enum' && allowedValues ? `must be one of ${allowedValues.map(shown).join(', ')}` : message;
}

function missingField({ instancePath, params }: SchemaError): Error {
  const names = (params as { requiredProperties?: readonly string[] }).requiredProperties ?? [];
  const field = fieldName(`${instancePath}/${names[0] ?? '?'}`);
  return invalid(`Missing required parameter: "${field}".`, field);
}

/**
 * Of a union of objects told apart by a constant (`type`), only the branch that was meant has something to say: the
 * complaints of branches whose constant differs are dropped, as long as another branch is left.
 */
function withoutOtherBranches(errors: readonly SchemaError[]): readonly SchemaError[] {
  const others = new Set(errors.filter(({ keyword }) => keyword === 'const').flatMap(({ schemaPath }) => /^(.*\/anyOf\/\d+)\/properties\/[^/]+$/.exec(schemaPath)?.[1] ?? []));
  const isOther = ({ schemaPath }: SchemaError) => [...others].some((branch) => schemaPath === branch || schemaPath.startsWith(`${branch}/`));
  const left = errors.filter((error) => !isOther(error));
  const meant = left.some(({ schemaPath }) => [...others].some((branch) => schemaPath.startsWith(branch.replace(/\d+$/, ''))));
  return meant ? left : errors;
}

/** `/messages/2/content` → `messages[2].content` */
function fieldName(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll('~1', '/').replaceAll('~0', '~')}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}
