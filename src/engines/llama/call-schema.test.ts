import { describe, expect, test } from 'vitest';
import type { ToolFunction } from '../tools.ts';
import { callSchema } from './call-schema.ts';

const tool = (parameters: unknown, more: Partial<ToolFunction> = {}): ToolFunction => ({ name: 'f', description: '', parameters, isStrict: false, ...more });
const argumentsOf = (...functions: ToolFunction[]): unknown[] =>
  (callSchema({ functions, mode: 'auto', isParallel: true }).oneOf as { properties: { arguments: unknown } }[]).map(({ properties }) => properties.arguments);

describe('schemas of calls', () => {
  test('C23: what can not be enforced is left out of a tool that is not strict, and refused in one that is', () => {
    const parameters = { type: 'object', properties: { n: { type: 'integer', minimum: 1, maximum: 9 }, s: { type: 'string', pattern: '^a' } }, required: ['n', 's'] };
    expect(argumentsOf(tool(parameters))).toEqual([{ type: 'object', properties: { n: { type: 'integer' }, s: { type: 'string' } } }]);
    expect(() => argumentsOf(tool({ type: 'object' }), tool(parameters, { isStrict: true }))).toThrow(
      expect.objectContaining({ code: 'unsupported_json_schema', param: 'tools[1].function.parameters', message: expect.stringContaining('minimum') as string }),
    );
  });

  test('an optional property may be missing, each by itself where there are few', () => {
    const keys = (schema: unknown) => (schema as { oneOf: { properties: object }[] }).oneOf.map(({ properties }) => Object.keys(properties).join());
    const properties = (names: string) => Object.fromEntries(names.split('').map((name) => [name, { type: 'string' }]));
    const [few, many] = argumentsOf(tool({ properties: properties('abc'), required: ['b'] }), tool({ properties: properties('abcde'), required: ['e'] }));
    expect(keys(few)).toEqual(['a,b,c', 'b,c', 'a,b', 'b']);
    expect(keys(many)).toEqual(['a,b,c,d,e', 'e']);
  });

  test('definitions with equal names stay those of their own tool', () => {
    const of = (type: string) => tool({ properties: { x: { $ref: '#/$defs/t' } }, required: ['x'], $defs: { t: { type } } });
    const { oneOf, $defs } = callSchema({ functions: [of('string'), of('integer')], mode: 'auto', isParallel: true });
    expect($defs).toEqual({ 'f0-t': { type: 'string' }, 'f1-t': { type: 'integer' } });
    expect(oneOf).toMatchObject([
      { properties: { arguments: { properties: { x: { $ref: '#/$defs/f0-t' } } } } },
      { properties: { arguments: { properties: { x: { $ref: '#/$defs/f1-t' } } } } },
    ]);
  });

  test('more tools than one schema has alternatives; one without arguments has none; one whose arguments are no object is refused', () => {
    expect(argumentsOf(...Array.from({ length: 128 }, () => tool({})))).toHaveLength(128);
    expect(argumentsOf(tool({}))).toEqual([{ type: 'object', properties: {}, additionalProperties: false }]);
    expect(() => argumentsOf(tool({ type: 'string' }))).toThrow(expect.objectContaining({ param: 'tools[0].function.parameters' }));
    expect(() => argumentsOf(tool({ properties: { x: { type: 'sound' } } }))).toThrow(expect.objectContaining({ param: 'tools[0].function.parameters' }));
  });
});
