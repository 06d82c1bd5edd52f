import { Fault } from '../../contract/errors.ts';

/** Bounds on a caller's schema (X24): what a grammar costs to compile and to follow grows with each of them. */
const DEPTH_MAX = 12;
const NODES_MAX = 500;
const ENUM_VALUES_MAX = 500;
const ALTERNATIVES_MAX = 32;
const REPETITIONS_MAX = 2000;
const TEXT_MAX = 64 * 1024;
/** Optional properties of one object that may come and go each by itself. */
const OPTIONAL_MAX = 3;

const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'deprecated', 'readOnly', 'writeOnly', 'nullable'];
const ANY = ['object', 'array', 'string', 'number', 'boolean', 'null'];
const FORMATS = new Set(['date-time', 'time', 'date']);
const COUNTS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'];
const KNOWN = new Set([
  ...ANNOTATIONS,
  ...COUNTS,
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'enum',
  'const',
  'oneOf',
  'anyOf',
  '$ref',
  '$defs',
  'definitions',
  'format',
  'strict',
]);

interface Budget {
  nodes: number;
  repetitions: number;
  readonly isLenient: boolean;
  /** Before the name of each definition. */
  readonly prefix: string;
}
type Node = Record<string, unknown>;

/** How a schema is read. */
export interface Reading {
  /** A keyword that the grammar can't enforce is left out, not refused, and a property that is not required may be missing: the arguments of a tool that is not strict. */
  readonly isLenient: boolean;
  /** Before the names of definitions, where several schemas share one grammar. */
  readonly prefix: string;
}

/**
 * A caller's JSON Schema, as the subset that node-llama-cpp turns into a grammar. A keyword that the grammar can't enforce is
 * refused rather than ignored, so that what is generated does validate (C29). All properties are generated, in their order.
 */
export function toGrammarSchema(schema: unknown, { isLenient, prefix }: Reading = { isLenient: false, prefix: '' }): Node {
  if ((JSON.stringify(schema) ?? '').length > TEXT_MAX) throw refused(`is longer than ${TEXT_MAX} characters`, '');
  const root = objectOf(schema, '');
  const budget: Budget = { nodes: 0, repetitions: 0, isLenient, prefix };
  const defs: Node = {};
  for (const [name, definition] of Object.entries({ ...optionalObject(root.definitions), ...optionalObject(root.$defs) })) {
    defs[prefix + name] = convert(definition, `$defs.${name}`, 1, budget);
  }
  const converted = convert(root, '', 0, budget);
  assertRefs(converted, defs);
  for (const definition of Object.values(defs)) assertRefs(definition, defs);
  return Object.keys(defs).length > 0 ? { ...converted, $defs: defs } : converted;
}

function convert(schema: unknown, at: string, depth: number, budget: Budget): Node {
  budget.nodes += 1;
  if (budget.nodes > NODES_MAX) throw refused(`has more than ${NODES_MAX} parts`, at);
  if (depth > DEPTH_MAX) throw refused(`is nested more than ${DEPTH_MAX} deep`, at);
  const node = objectOf(schema, at);
  const unknown = Object.keys(node).find((key) => !KNOWN.has(key));
  if (unknown !== undefined && !budget.isLenient) throw refused(`uses "${unknown}", which can't be enforced here`, at);
  if (node.$ref !== undefined) return { $ref: refOf(node.$ref, at, budget.prefix) };
  if ('const' in node) return { const: scalar(node.const, at) };
  if (node.enum !== undefined) return { enum: listOf(node.enum, ENUM_VALUES_MAX, `${at}.enum`).map((value) => scalar(value, at)) };
  const alternatives = node.oneOf ?? node.anyOf;
  if (alternatives !== undefined) {
    return { oneOf: listOf(alternatives, ALTERNATIVES_MAX, at).map((one, i) => convert(one, `${at}.oneOf[${i}]`, depth + 1, budget)) };
  }
  return convertType(node, at, depth, budget);
}

function convertType(node: Node, at: string, depth: number, budget: Budget): Node {
  const type = node.type ?? (node.properties === undefined ? (node.items === undefined ? undefined : 'array') : 'object');
  if (type === undefined && budget.isLenient) return convertType({ type: ANY }, at, depth, budget);
  if (Array.isArray(type)) return { oneOf: listOf(type, ALTERNATIVES_MAX, at).map((one) => convertType({ ...node, type: one }, at, depth, budget)) };
  switch (type) {
    case 'object':
      return convertObject(node, at, depth, budget);
    case 'array':
      return {
        type,
        ...counts(node, ['minItems', 'maxItems'], at, budget),
        ...(node.items !== undefined && { items: convert(node.items, `${at}.items`, depth + 1, budget) }),
        ...(node.prefixItems !== undefined && {
          prefixItems: listOf(node.prefixItems, ALTERNATIVES_MAX, at).map((one, i) => convert(one, `${at}.prefixItems[${i}]`, depth + 1, budget)),
        }),
      };
    case 'string':
      return {
        type,
        ...counts(node, ['minLength', 'maxLength'], at, budget),
        ...(FORMATS.has(String(node.format)) && { format: node.format }),
      };
    case 'number':
    case 'integer':
    case 'boolean':
    case 'null':
      return { type };
    default:
      throw refused('needs a "type" of object, array, string, number, integer, boolean or null', at);
  }
}

function convertObject(node: Node, at: string, depth: number, budget: Budget): Node {
  const properties: Node = {};
  for (const [name, property] of Object.entries(optionalObject(node.properties))) {
    properties[name] = convert(property, `${at}.properties.${name}`, depth + 1, budget);
  }
  const isFree = Object.keys(properties).length === 0 && node.additionalProperties === undefined;
  const extra = node.additionalProperties;
  const others = {
    ...(isFree && { additionalProperties: true }),
    ...(typeof extra === 'boolean' && { additionalProperties: extra }),
    ...(typeof extra === 'object' && extra !== null && { additionalProperties: convert(extra, `${at}.additionalProperties`, depth + 1, budget) }),
    ...counts(node, ['minProperties', 'maxProperties'], at, budget),
  };
  const choices = budget.isLenient ? propertyChoices(properties, node.required) : [properties];
  if (choices.length === 1) return { type: 'object', properties, ...others };
  return { oneOf: choices.map((chosen) => ({ type: 'object', properties: chosen, ...others })) };
}

/** Which properties an object may have: with few optional ones any of them, with many all or none, as each choice is a part of the grammar. */
function propertyChoices(properties: Node, required: unknown): Node[] {
  const names = Object.keys(properties);
  const needed = new Set(Array.isArray(required) ? (required as unknown[]) : []);
  const optional = names.filter((name) => !needed.has(name));
  const without = (left: ReadonlySet<string>): Node => Object.fromEntries(Object.entries(properties).filter(([name]) => !left.has(name)));
  if (optional.length > OPTIONAL_MAX) return [properties, without(new Set(optional))];
  return Array.from({ length: 2 ** optional.length }, (_, bits) => without(new Set(optional.filter((_name, i) => (bits >> i) % 2 === 1))));
}

function counts(node: Node, names: readonly string[], at: string, budget: Budget): Node {
  const found: Node = {};
  for (const name of names) {
    const value = node[name];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw refused(`needs a whole number as "${name}"`, at);
    budget.repetitions += value;
    if (budget.repetitions > REPETITIONS_MAX) throw refused(`asks for more than ${REPETITIONS_MAX} repetitions in all`, at);
    found[name] = value;
  }
  return found;
}

function assertRefs(value: unknown, defs: Node): void {
  if (Array.isArray(value)) for (const one of value) assertRefs(one, defs);
  else if (typeof value === 'object' && value !== null) {
    const ref = (value as Node).$ref;
    if (typeof ref === 'string' && !Object.hasOwn(defs, ref.slice('#/$defs/'.length))) throw refused(`refers to ${ref}, which isn't defined`, '');
    for (const one of Object.values(value)) assertRefs(one, defs);
  }
}

function refOf(ref: unknown, at: string, prefix: string): string {
  const name = typeof ref === 'string' ? /^#\/(?:\$defs|definitions)\/([^/]+)$/u.exec(ref)?.[1] : undefined;
  if (name === undefined) throw refused('has a "$ref" that is not of the form #/$defs/name', at);
  return `#/$defs/${prefix}${name}`;
}

function scalar(value: unknown, at: string): unknown {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw refused('has an enum or const value that is no string, number, boolean or null', at);
}

function listOf(value: unknown, max: number, at: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) throw refused(`needs a list of 1 to ${max} entries`, at);
  return value;
}

function objectOf(value: unknown, at: string): Node {
  if (value === true) return { type: ANY };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('is no object', at);
  return value as Node;
}

function optionalObject(value: unknown): Node {
  return value === undefined ? {} : objectOf(value, '');
}

function refused(what: string, at: string): Fault {
  const where = at === '' ? 'The JSON schema' : `The JSON schema at "${at.replace(/^\./u, '')}"`;
  return new Fault('invalid_argument', 'unsupported_json_schema', `${where} ${what}.`, { param: 'response_format.json_schema.schema' });
}
