import { Fault } from '../../contract/errors.ts';

/** Bounds on a caller's schema (X24): what a grammar costs to compile and to follow grows with each of them. */
const DEPTH_MAX = 12;
const NODES_MAX = 500;
const ENUM_VALUES_MAX = 500;
const ALTERNATIVES_MAX = 32;
const REPETITIONS_MAX = 2000;
const TEXT_MAX = 64 * 1024;

const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'deprecated', 'readOnly', 'writeOnly', 'nullable'];
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
}
type Node = Record<string, unknown>;

/**
 * A caller's JSON Schema, as the subset that node-llama-cpp turns into a grammar. A keyword that the grammar can't enforce is
 * refused rather than ignored, so that what is generated does validate (C29). All properties are generated, in their order.
 */
export function toGrammarSchema(schema: unknown): Node {
  if ((JSON.stringify(schema) ?? '').length > TEXT_MAX) throw refused(`is longer than ${TEXT_MAX} characters`, '');
  const root = objectOf(schema, '');
  const budget: Budget = { nodes: 0, repetitions: 0 };
  const defs: Node = {};
  for (const [name, definition] of Object.entries({ ...optionalObject(root.definitions), ...optionalObject(root.$defs) })) {
    defs[name] = convert(definition, `$defs.${name}`, 1, budget);
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
  if (unknown !== undefined) throw refused(`uses "${unknown}", which can't be enforced here`, at);
  if (node.$ref !== undefined) return { $ref: refOf(node.$ref, at) };
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
  return {
    type: 'object',
    properties,
    ...(isFree && { additionalProperties: true }),
    ...(typeof extra === 'boolean' && { additionalProperties: extra }),
    ...(typeof extra === 'object' && extra !== null && { additionalProperties: convert(extra, `${at}.additionalProperties`, depth + 1, budget) }),
    ...counts(node, ['minProperties', 'maxProperties'], at, budget),
  };
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

function refOf(ref: unknown, at: string): string {
  const name = typeof ref === 'string' ? /^#\/(?:\$defs|definitions)\/([^/]+)$/u.exec(ref)?.[1] : undefined;
  if (name === undefined) throw refused('has a "$ref" that is not of the form #/$defs/name', at);
  return `#/$defs/${name}`;
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
  if (value === true) return { type: ['object', 'array', 'string', 'number', 'boolean', 'null'] };
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
