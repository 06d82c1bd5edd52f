import { Fault } from '../../contract/errors.ts';
import type { ToolFunction, ToolUse } from '../tools.ts';
import { toGrammarSchema } from './json-schema.ts';

/** One call as a schema: which function, and arguments after its own. @throws Fault `unsupported_json_schema` that names the function */
export function callSchema({ functions }: ToolUse): Record<string, unknown> {
  let defs: Record<string, unknown> = {};
  const calls = functions.map((one, i) => {
    const { $defs, ...schema } = argumentsOf(one, i);
    defs = { ...defs, ...($defs as Record<string, unknown> | undefined) };
    return { type: 'object', properties: { name: { const: one.name }, arguments: schema }, additionalProperties: false };
  });
  return { oneOf: calls, ...(Object.keys(defs).length > 0 && { $defs: defs }) };
}

function argumentsOf({ parameters, isStrict }: ToolFunction, index: number): Record<string, unknown> {
  const { type = 'object', ...rest } = parameters as Record<string, unknown>;
  const param = `tools[${index}].function.parameters`;
  // Arguments are an object, whatever its properties; a function that names none has none.
  if (type !== 'object' || rest.$ref !== undefined) throw new Fault('invalid_argument', 'unsupported_json_schema', `"${param}" must be a JSON schema of type "object".`, { param });
  const hasNone = rest.properties === undefined || Object.keys(rest.properties as object).length === 0;
  try {
    return toGrammarSchema({ ...(hasNone && { additionalProperties: false }), ...rest, type }, { isLenient: !isStrict, prefix: `f${index}-` });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.kind, error.code, `${param}: ${error.message}`, { param });
  }
}
